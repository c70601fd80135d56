import { join } from "node:path";
import { checkJournal } from "@clew/cli/verify/check-journal";
import { openJournal } from "@clew/cli/verify/open-journal";
import { createClew } from "@clew/client";
import { checkDelivery, checkRecord, type KnownEvent, knownEvents } from "../support/delivery.ts";
import { readerAt } from "../support/doors.ts";
import type { Fleet } from "../support/fleet.ts";
import { restDoor } from "../support/http-doors.ts";
import { strayArtifacts } from "./left-behind.ts";
import type { Told } from "./told-run.ts";

/** What the journals say of the runs there were so far, by run. */
export type Records = Map<string, readonly KnownEvent[]>;

/** Reads the records of runs that are over, by a reader whom nobody disturbs, and finds what is wrong with them: their journals byte by byte, their files. */
export async function readRecords(fleet: Fleet, runIds: readonly string[], records: Records): Promise<string[]> {
  const at = { url: `http://${fleet.gateways[0].address}`, orchestratorAddress: fleet.orchestrator.address };
  const found: string[] = [];
  for (const runId of runIds) {
    const record = knownEvents(await readerAt(restDoor)(at, runId));
    records.set(runId, record);
    found.push(...checkRecord(record).map((problem) => `${runId}: ${problem}`));
    found.push(...(await verify(fleet, runId, record.length)), ...(await strayArtifacts(fleet, runId, record)));
  }
  return found;
}

/** Checks all that was told against the records, and how runs ended against what was done to them. */
export function judge(done: readonly Told[], records: Records, harmed: ReadonlySet<string>): string[] {
  // Who reads many runs reads some that others began.
  return done.flatMap(({ job, deliveries }) => [
    ...job.check(records.get(job.run.id) ?? [], !job.kin.isDisjointFrom(harmed)),
    ...deliveries.flatMap((delivery) => checkDelivery(delivery, records.get(delivery.runId) ?? [])),
  ]);
}

/** How runs ended, by state and reason. */
export async function countEnds(fleet: Fleet, runIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const clew = createClew({ url: `http://${fleet.gateways[0].address}` });
  const ends = new Map<string, number>();
  for (const runId of runIds) {
    const { state, outcome } = await clew.getRun(runId);
    const reason = outcome?.error?.reason;
    const end = reason === undefined ? state : `${state} ${reason}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  return ends;
}

/** Checks a journal on the disk, record by record. */
async function verify({ volume }: Fleet, runId: string, events: number): Promise<string[]> {
  await using journal = await openJournal(join(volume, "runs", runId, "journal"));
  const verdict = await checkJournal(journal);
  return verdict.kind === "sound" && verdict.events === events ? [] : [`the journal of ${runId} is ${verdict.kind}`];
}
