import { Journal } from "@clew/orchestrator/journal/journal";
import { decodeRecord } from "@clew/orchestrator/supervisor/decode-record";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { FinalLog, LoggedRecord } from "../history.ts";
import type { SimulatedDisk } from "../world/simulated-disk.ts";

/** Opens each run's journal as a new orchestrator would, and answers what is in it. */
export async function auditJournals(folder: string, disk: SimulatedDisk): Promise<FinalLog[]> {
  const logs: FinalLog[] = [];
  if (disk.find(folder) === undefined) return logs;
  for (const runId of disk.folder(folder).names.keys()) {
    if (disk.find(`${folder}/${runId}/journal`) === undefined) continue;
    const { journal } = await Journal.open({ folder: `${folder}/${runId}`, runId });
    await using _ = journal;
    const records: LoggedRecord[] = [];
    let position = await journal.resolve({ kind: "start" });
    while (position.sequence < journal.durable) {
      for (const record of await journal.read(position, { limit: 1_000, maxBytes: 1024 * 1024 })) {
        const { sequence, attempt, producer, producerSequence, durable, timeMs } = record;
        const { payload } = decodeRecord(journal, record);
        const actionId = payload.$case === "actionStarted" ? payload.value.actionId : undefined;
        const outcome =
          payload.$case === "outcomePublished"
            ? { state: nameOf(payload.value.state), reason: payload.value.outcome?.error?.reason ?? "" }
            : undefined;
        const token = journal.tokenOf(record);
        records.push({ sequence, attempt, producer, producerSequence, durable, timeMs, type: payload.$case, token, actionId, outcome });
        position = record;
      }
    }
    logs.push({ runId, records });
  }
  return logs;
}

function nameOf(state: Run_State): string {
  return Object.entries(Run_State).find(([, value]) => value === state)?.[0] ?? `${state}`;
}
