import { readdir, rm } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { removeUnfinished } from "../artifacts/artifact-store.ts";
import { isTerminal } from "../runs/transitions.ts";
import { type OpenedRun, type OpenRunOptions, openRun } from "./open-run.ts";
import type { RunRows } from "./run-rows.ts";

/**
 * Opens a run that is not known to be over, indexes it, and removes what a crash left in its folder. Undefined where nothing of it
 * goes on: it is over after all, or was never begun. Whoever calls closes its log.
 *
 * @throws Fault where it may go better later.
 */
export async function reopenRun(options: OpenRunOptions, rows: RunRows): Promise<OpenedRun | undefined> {
  const { runId, folder, known } = options;
  await using opening = new AsyncDisposableStack();
  const opened = await openRun(options).catch((error: unknown) => {
    if (known === undefined && Fault.from(error).reason === "RUN_NOT_FOUND") return undefined;
    throw error;
  });
  if (opened === undefined) {
    // Created, and never answered for: nobody knows it.
    if (known === undefined) await removeUnbegun(folder);
    rows.remove(runId);
    return undefined;
  }
  const { log } = opened;
  opening.use(log);
  await removeUnfinished(folder);
  rows.note(log.fold, undefined);
  if (isTerminal(log.run.state)) {
    await log.journal.seal();
    return undefined;
  }
  opening.move();
  return opened;
}

/** Removes a folder in which no run ever began. One that holds what a damage left is a person's to look at. */
async function removeUnbegun(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.some((name) => name.startsWith("journal."))) return;
  await rm(folder, { recursive: true, force: true });
}
