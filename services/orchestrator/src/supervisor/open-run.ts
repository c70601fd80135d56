import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { Journal } from "../journal/journal.ts";
import { hashSource } from "../playbooks/catalogue.ts";
import type { RunId } from "../runs/run-id.ts";
import { failedOutcome, outcomePublished, warningRaised } from "./phrases.ts";
import { type OnChange, RunLog } from "./run-log.ts";

/** A run as it was found on the volume. */
export interface OpenedRun {
  readonly log: RunLog;
  readonly spec: RunSpec;
  /** The exact text that runs; empty where the volume no longer has it. */
  readonly playbookSource: string;
}

const pageRecords = 1_000;
const pageBytes = 4 * 1024 * 1024;

/** Opens a run from its journal, mending that where it must be, and folds its events. Undefined where nothing was ever written. */
export async function openRun(folder: string, runId: RunId, onChange: OnChange): Promise<OpenedRun | undefined> {
  let log: RunLog | undefined;
  let reading = true;
  const { journal, recovery } = await Journal.open({ folder, runId, onDurable: (records) => log?.hear(records) });
  log = new RunLog(journal, undefined, (fold, before) => {
    if (!reading) onChange(fold, before);
  });
  let position = await journal.resolve({ kind: "start" });
  while (position.sequence < journal.durable) {
    const records = await journal.read(position, { limit: pageRecords, maxBytes: pageBytes });
    log.hear(records);
    position = records.at(-1) ?? position;
  }
  reading = false;
  if (journal.durable === 0) {
    await log[Symbol.asyncDispose]();
    return undefined;
  }
  if (recovery.kind === "damaged" && !journal.sealed) {
    const { lostFrom, lostTo } = recovery;
    const warning = warningRaised("JOURNAL_DAMAGED", "Events of this run were lost on the volume.", {
      lostFrom: String(lostFrom),
      lostTo: String(lostTo),
    });
    const failed = outcomePublished(Run_State.FAILED, failedOutcome(new Fault("JOURNAL_DAMAGED"), undefined));
    await log.decide(({ run }) =>
      [warning, ...(run.outcome === undefined ? [failed] : [])].map((draft) => ({ ...draft, attempt: run.attempt })),
    );
  }
  const text = await readFile(join(folder, "artifacts", "playbook.yaml"), "utf8").catch(() => "");
  const playbookSource = hashSource(text) === log.run.playbook?.sha256 ? text : "";
  return { log, spec: log.run.spec ?? RunSpec.fromPartial({}), playbookSource };
}
