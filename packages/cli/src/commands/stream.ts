import type { Clew } from "@clew/client";
import { followRun } from "../follow-run.ts";
import type { Output } from "../output.ts";

/** Follows a run that exists, from its first event or after a token. */
export async function streamCommand(
  clew: Clew,
  output: Output,
  runId: string,
  options: { readonly after?: string; readonly types?: string },
): Promise<number> {
  const { createTime } = await clew.getRun(runId);
  const types = options.types?.split(",").filter((type) => type !== "");
  return await followRun(clew, runId, output, { after: options.after, types, since: createTime });
}
