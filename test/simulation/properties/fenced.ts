import type { Property } from "./property.ts";

/** P11: once an attempt has begun, nothing is written of what a sandbox of an earlier one says; and after the end nothing at all. */
export const fenced: Property = (history) =>
  history.logs.flatMap(({ runId, records }) => {
    let current = 0;
    let isOver = false;
    return records.flatMap(({ sequence, type, attempt, producer }) => {
      const problems: string[] = [];
      if (isOver) problems.push(`${runId}: record ${sequence} after the end`);
      if (type === "attemptStarted") current = attempt;
      if (producer !== 0 && attempt !== current) problems.push(`${runId}: record ${sequence} is of attempt ${attempt} during ${current}`);
      isOver ||= type === "runFinished";
      return problems;
    });
  });
