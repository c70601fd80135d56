import { Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { Disk } from "../journal/disk.ts";
import { Journal, type Recovery } from "../journal/journal.ts";
import type { KnownRun } from "../registry/registry.ts";
import type { RunId } from "../runs/run-id.ts";
import { decodeRecord } from "./decode-record.ts";
import { type PlaybookTexts, readPlaybooks } from "./playbook-artifacts.ts";
import { type OnChange, type OnRefused, RunLog } from "./run-log.ts";
import { sayDamage } from "./say-damage.ts";

/** Where a run lies, what is known of it besides, and who hears of it from then on. */
export interface OpenRunOptions {
  readonly folder: string;
  readonly runId: RunId;
  /** As it was last indexed: what a damaged journal no longer says. */
  readonly known: KnownRun | undefined;
  readonly disk: Disk | undefined;
  readonly onChange: OnChange;
  readonly onRefused?: OnRefused;
}

/** A run as it was found on the volume. */
export interface OpenedRun extends PlaybookTexts {
  readonly log: RunLog;
  readonly spec: RunSpec;
}

const pageRecords = 1_000;
const pageBytes = 4 * 1024 * 1024;

/** Opens a run from its journal, mending that where it must be, and folds its events. Undefined where nothing was ever written, or not all it begins with. */
export async function openRun(options: OpenRunOptions): Promise<OpenedRun | undefined> {
  await using opening = new AsyncDisposableStack();
  const opened = await openLog(options);
  opening.use(opened.log);
  const log = await foldAll(opened, options);
  if (log === undefined) return undefined;
  const texts = await readPlaybooks(options.folder, log.fold.artifacts);
  opening.move();
  return { log, spec: log.run.spec ?? RunSpec.fromPartial({}), ...texts };
}

/**
 * Opens the journal of a run that is known to be over. One that was sealed is not read as a whole; one that had to be mended is
 * given its end again: `finish` writes it.
 */
export async function openFinished(options: OpenRunOptions, finish: (log: RunLog) => Promise<void>): Promise<Journal> {
  await using opening = new AsyncDisposableStack();
  const opened = await openLog(options);
  const { journal } = opening.use(opened.log);
  if (!journal.sealed && (await foldAll(opened, options)) !== undefined) await finish(opened.log);
  opening.move();
  return journal;
}

interface OpenedLog {
  readonly log: RunLog;
  readonly recovery: Recovery;
}

async function openLog({ folder, runId, disk, onChange, onRefused }: OpenRunOptions): Promise<OpenedLog> {
  let log: RunLog | undefined;
  const onDurable: Parameters<typeof Journal.open>[0]["onDurable"] = (records) => log?.hear(records);
  const { journal, recovery } = await Journal.open({ folder, runId, onDurable, ...(disk && { disk }) });
  log = new RunLog(journal, undefined, onChange, onRefused);
  return { log, recovery };
}

/** Folds all that is durable, and says what was lost of it. Undefined where there is nothing, and nothing is known. */
async function foldAll({ log, recovery }: OpenedLog, { known }: OpenRunOptions): Promise<RunLog | undefined> {
  const { journal } = log;
  let position = await journal.resolve({ kind: "start" });
  while (position.sequence < journal.durable) {
    const records = await journal.read(position, { limit: pageRecords, maxBytes: pageBytes });
    log.recall(records);
    position = records.at(-1) ?? position;
  }
  await sayDamage(log, recovery, known);
  return log.isBegun && !(await isCutShort(log, known)) ? log : undefined;
}

/** Whether only a part of a run's first events is there. Nobody was told of such a run: it is told of once all of them are durable. */
async function isCutShort({ journal, run }: RunLog, known: KnownRun | undefined): Promise<boolean> {
  if (known !== undefined || journal.epoch !== 1 || run.state !== Run_State.QUEUED) return false;
  const records = await journal.read(await journal.resolve({ kind: "start" }), { limit: pageRecords, maxBytes: pageBytes });
  return records.every((record) => decodeRecord(journal, record).payload.$case !== "runQueued");
}
