import { happened, logOf, type Property } from "./property.ts";

/** P4: what was appended together is never split: an `end` or a `reset` stands behind the last record of a batch, and behind an `end` stands nothing. */
export const atomic: Property = (history) => {
  const problems: string[] = [];
  for (const { runId, records } of history.logs) {
    for (const [index, { sequence, durable }] of records.entries()) {
      const before = records[index - 1];
      if (durable !== sequence - 1 && durable !== before?.durable)
        problems.push(`${runId}: record ${sequence} is of no batch (${durable})`);
    }
  }
  for (const { name, run } of history.readers) {
    const records = logOf(history, run)?.records ?? [];
    const splits = (sequence: number) => sequence > 0 && (records[sequence]?.durable ?? sequence) < sequence;
    const ended = new Set<number>();
    for (const { reader, connection, frame } of happened(history, "frame")) {
      if (reader !== name) continue;
      if (ended.has(connection)) problems.push(`${name}: ${frame.kind} after the end of connection ${connection}`);
      if (frame.kind === "end") ended.add(connection);
      const at = frame.kind === "end" ? frame.lastSequence : frame.kind === "reset" ? frame.sequence : undefined;
      if (at !== undefined && splits(at)) problems.push(`${name}: ${frame.kind} at ${at}, within a batch`);
    }
  }
  return problems;
};
