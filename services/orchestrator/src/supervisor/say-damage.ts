import { Fault } from "@clew/fault/fault";
import { Run_Effects, Run_State, Usage } from "@clew/proto/grpc/clew/run/v1/run";
import type { Recovery } from "../journal/journal.ts";
import type { KnownRun } from "../registry/registry.ts";
import { isTerminal } from "../runs/transitions.ts";
import { failedOutcome, outcomePublished, warningRaised } from "./phrases.ts";
import type { RunDraft, RunLog } from "./run-log.ts";

/**
 * Says in a run's journal which of its events a damage took, unless that was said: also where the process that mended it died
 * before. The run then has an outcome: the one it had, where that is known, or else FAILED. One whose last event is still there is left as it is.
 */
export async function sayDamage(log: RunLog, recovery: Recovery, known: KnownRun | undefined): Promise<void> {
  const { epoch, durable } = log.journal;
  if (epoch === 1 || (log.isBegun && (isTerminal(log.run.state) || log.fold.epoch >= epoch))) return;
  if (!log.isBegun) {
    // Without its first event a run is nobody's; the index knows whose it was.
    if (known === undefined) return;
    await log.begin([createdAgain(known)]);
  }
  const lost =
    recovery.kind === "damaged" ? recovery : { lostFrom: durable + 1, lostTo: Math.max(durable + 1, known?.run.lastSequence ?? 0) };
  const warning = warningRaised("JOURNAL_DAMAGED", "Events of this run were lost on the volume.", {
    lostFrom: String(lost.lostFrom),
    lostTo: String(lost.lostTo),
    epoch: String(epoch),
  });
  await log.decide(({ run }) =>
    [warning, ...(run.outcome === undefined ? [outcomeOf(known)] : [])].map((draft) => ({ ...draft, attempt: run.attempt })),
  );
}

function createdAgain({ run, requestId, requestHmac }: KnownRun): RunDraft {
  const created = {
    ...run,
    state: Run_State.QUEUED,
    attempt: 0,
    startTime: undefined,
    endTime: undefined,
    outcome: undefined,
    effects: Run_Effects.NONE,
    unconfirmedActions: [],
    usage: Usage.fromPartial({}),
    runArtifact: undefined,
  };
  return {
    attempt: 0,
    summary: `Created a run of ${run.playbook?.id ?? "a directive"}`,
    payload: { $case: "runCreated", value: { run: created, by: undefined, requestId, requestHmac } },
  };
}

function outcomeOf(known: KnownRun | undefined) {
  // What was told to callers as final stays so.
  if (known?.run.outcome !== undefined && isTerminal(known.run.state)) return outcomePublished(known.run.state, known.run.outcome);
  return outcomePublished(Run_State.FAILED, failedOutcome(new Fault("JOURNAL_DAMAGED"), undefined));
}
