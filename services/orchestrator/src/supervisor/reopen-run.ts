import { readdir, rm } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { removeUnfinished } from "../artifacts/artifact-store.ts";
import type { RunFold } from "../runs/run.ts";
import { isTerminal } from "../runs/transitions.ts";
import { type OpenedRun, type OpenRunOptions, openRun } from "./open-run.ts";

/** What came of opening a run that was not known to be over. */
export interface ReopenedRun {
  /** As it is to be indexed; undefined where it was never begun: nobody knows it. */
  readonly fold: RunFold | undefined;
  /** Where it goes on; whoever asked closes its log. */
  readonly opened: OpenedRun | undefined;
}

/**
 * Opens a run that is not known to be over, and removes what a crash left in its folder.
 *
 * @throws Fault where it may go better later.
 */
export async function reopenRun(options: OpenRunOptions): Promise<ReopenedRun> {
  const { folder, known } = options;
  await using opening = new AsyncDisposableStack();
  const opened = await openRun(options).catch((error: unknown) => {
    if (known === undefined && Fault.from(error).reason === "RUN_NOT_FOUND") return undefined;
    throw error;
  });
  if (opened === undefined) {
    if (known === undefined) await removeUnbegun(folder);
    return { fold: undefined, opened };
  }
  const { log } = opened;
  opening.use(log);
  await removeUnfinished(folder);
  const { fold } = log;
  if (isTerminal(fold.run.state)) {
    await log.journal.seal();
    return { fold, opened: undefined };
  }
  opening.move();
  return { fold, opened };
}

/** Removes a folder in which no run ever began. One that holds what a damage left is a person's to look at. */
async function removeUnbegun(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.some((name) => name.startsWith("journal."))) return;
  await rm(folder, { recursive: true, force: true });
}
