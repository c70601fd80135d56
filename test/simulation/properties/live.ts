import { happened, type Property } from "./property.ts";

/** P12: once nothing goes wrong any more every run ends, and every reader is told so, within its time. */
export const live: Property = (history) => {
  if (history.ended !== "all finished") {
    const finished = new Set(happened(history, "finished").map(({ reader }) => reader));
    const waiting = history.readers.filter(({ name }) => !finished.has(name)).map(({ name }) => name);
    return [
      `${history.ended} after ${Math.round(history.virtualMs / 1000)} s and ${history.picks} steps; waiting: ${waiting.join(", ") || "no reader"}`,
    ];
  }
  return history.logs
    .filter(({ records }) => records.length > 0 && records.at(-1)?.type !== "runFinished")
    .map(({ runId, records }) => `${runId} ends with ${records.at(-1)?.type}`);
};
