import { happened, type Property } from "./property.ts";

/** P7: what was acknowledged, to a producer or to whoever asked for a run, is in the journal after whatever crash. */
export const durable: Property = (history) => {
  const problems: string[] = [];
  for (const { runId, attempt, producer, through } of happened(history, "acknowledged")) {
    const records = history.logs.find((log) => log.runId === runId)?.records ?? [];
    const last = records.findLast((record) => record.attempt === attempt && record.producer === producer && record.producerSequence > 0);
    if ((last?.producerSequence ?? 0) < through)
      problems.push(
        `${runId}: producer ${producer} of attempt ${attempt} was told of ${through}, and ${last?.producerSequence ?? 0} are there`,
      );
  }
  const answered = new Map<number, string>();
  for (const { run, runId } of happened(history, "created")) {
    const first = answered.get(run) ?? runId;
    answered.set(run, first);
    if (first !== runId) problems.push(`one request made two runs, ${first} and ${runId}`);
    if (!history.logs.some((log) => log.runId === runId && log.records.length > 0)) problems.push(`${runId} was created, and is not there`);
  }
  return problems;
};
