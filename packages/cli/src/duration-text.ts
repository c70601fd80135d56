import type { Run } from "@clew/client";

/** Says how long a run took: its work, as its last event counts, and with its wait and start where that is more; undefined while it goes on. */
export function durationText({ createTime, startTime = createTime, endTime }: Pick<Run, "createTime" | "startTime" | "endTime">) {
  if (endTime === undefined) return undefined;
  const since = (time: string) => `${(Math.max(0, Date.parse(endTime) - Date.parse(time)) / 1000).toFixed(1)} s`;
  return since(startTime) === since(createTime) ? since(createTime) : `${since(startTime)} (${since(createTime)} with its wait and start)`;
}
