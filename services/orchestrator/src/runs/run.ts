import {
  type Artifact,
  Effect,
  InputRequested_Kind,
  Run,
  Run_Effects,
  Run_State,
  type RunError,
  type UnconfirmedAction,
  Usage,
} from "@clew/proto/grpc/clew/run/v1/run";
import type { ActionCompleted, ActionStarted, RunEvent, SandboxExited, StopRequested } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { Payload } from "./event.ts";
import { limits } from "./limits.ts";
import { isNobodys } from "./retry.ts";
import { isSignal, nextState } from "./transitions.ts";

/** All that a run's events say of it: the Run, and what its keeper needs besides. */
export interface RunFold {
  readonly run: Run;
  /** The terminal state its outcome decided; STATE_UNSPECIFIED before. */
  readonly finalState: Run_State;
  /** The first wish to stop, with the shortest grace any later one gave. */
  readonly stop: (StopRequested & { readonly atMs: number }) | undefined;
  /** How the current attempt stands. */
  readonly attempt: {
    readonly readyAtMs: number | undefined;
    readonly startedAtMs: number | undefined;
    readonly exited: boolean;
    /** Why the sandbox ended, as its warden said; empty when by itself. */
    readonly exitCause: string;
    /** Until when its sandbox is kept for a run that continues, where it is. */
    readonly keptUntilMs: number | undefined;
    /** What it failed for, where another follows. */
    readonly failure: { readonly error: RunError | undefined; readonly retryAtMs: number } | undefined;
  };
  /** Attempts whose work began, and those since whose sandboxes failed before. */
  readonly tries: { readonly begun: number; readonly unbegun: number };
  /** When the first attempt's work began, and how long it stood still for a person since. */
  readonly clock: { readonly startedAtMs: number | undefined; readonly waitedMs: number; readonly waitingSinceMs: number | undefined };
  /** What people were asked and what came of it, in order; at most 100. */
  readonly inputs: readonly ReceivedInput[];
  readonly artifacts: readonly Artifact[];
  /** Whether an action that writes was confirmed. */
  readonly hasWritten: boolean;
  /** Whether events were lost: what was begun among them nobody knows. */
  readonly hasLost: boolean;
  /** The journal's epoch, as far as its events tell of damages: each begins a new one. */
  readonly epoch: number;
  readonly requestHmac: string;
  readonly requestId: string;
}

/** What a run asked a person, and what came of it. */
export interface ReceivedInput {
  readonly inputId: string;
  readonly kind: InputRequested_Kind;
  readonly attempt: number;
  /** `approved`, `denied`, `answered` or `expired`. */
  readonly decision: string;
  /** The answer as far as the journal has it. */
  readonly answer: string;
  readonly answerHmac: string;
}

const freshAttempt = {
  readyAtMs: undefined,
  startedAtMs: undefined,
  exited: false,
  exitCause: "",
  keptUntilMs: undefined,
  failure: undefined,
} as const;

const nothing: RunFold = {
  run: Run.fromPartial({}),
  finalState: Run_State.STATE_UNSPECIFIED,
  stop: undefined,
  attempt: freshAttempt,
  tries: { begun: 0, unbegun: 0 },
  clock: { startedAtMs: undefined, waitedMs: 0, waitingSinceMs: undefined },
  inputs: [],
  artifacts: [],
  hasWritten: false,
  hasLost: false,
  epoch: 1,
  requestHmac: "",
  requestId: "",
};

type Event = RunEvent & { readonly payload: Payload };

/** Adds one event to what is known of a run. The first event must be `runCreated`. */
export function applyEvent(fold: RunFold | undefined, event: Event): RunFold {
  const before = fold ?? nothing;
  const atMs = event.time?.getTime() ?? 0;
  const moved = move(before, event);
  const said = hear(moved, event.payload, atMs, event);
  return { ...said, run: { ...said.run, lastSequence: event.sequence, resumeToken: event.resumeToken } };
}

function move(fold: RunFold, { type, payload }: Event): RunFold {
  if (!isSignal(type)) return fold;
  const finalState = payload.$case === "outcomePublished" ? payload.value.state : fold.finalState;
  const state = nextState(fold.run.state, type, finalState);
  return state === null ? fold : { ...fold, finalState, run: { ...fold.run, state, queuePosition: undefined } };
}

function hear(fold: RunFold, payload: Payload, atMs: number, event: Event): RunFold {
  const { run } = fold;
  switch (payload.$case) {
    case "runCreated":
      return {
        ...fold,
        run: { ...(payload.value.run ?? run), createTime: event.time },
        requestHmac: payload.value.requestHmac,
        requestId: payload.value.requestId,
      };
    case "runQueued":
      return { ...fold, run: { ...run, queuePosition: payload.value.position } };
    case "attemptStarted":
      return {
        ...fold,
        attempt: freshAttempt,
        run: { ...run, attempt: event.attempt, awaits: undefined },
      };
    case "attemptFailed": {
      const { error, retryTime } = payload.value;
      const failure = { error, retryAtMs: retryTime?.getTime() ?? atMs };
      const isLostStart = fold.attempt.startedAtMs === undefined && !isNobodys(error?.reason ?? "");
      const tries = isLostStart ? { ...fold.tries, unbegun: fold.tries.unbegun + 1 } : fold.tries;
      return { ...fold, attempt: { ...fold.attempt, failure }, tries, clock: resume(fold.clock, atMs), run: { ...run, awaits: undefined } };
    }
    case "sandboxReady":
      return { ...fold, attempt: { ...fold.attempt, readyAtMs: atMs } };
    case "runStarted":
      return {
        ...fold,
        attempt: { ...fold.attempt, startedAtMs: atMs },
        tries: { begun: fold.tries.begun + 1, unbegun: 0 },
        clock: { ...fold.clock, startedAtMs: fold.clock.startedAtMs ?? atMs },
        run: { ...run, startTime: run.startTime ?? event.time },
      };
    case "sandboxExited":
      return leave(fold, payload.value, atMs, { exitCause: payload.value.cause });
    case "sandboxKept":
      // The run has no more to do with it than with one that has ended.
      return leave(fold, payload.value, atMs, { keptUntilMs: payload.value.expireTime?.getTime() ?? atMs });
    case "stepCompleted":
      return payload.value.skipped ? fold : { ...fold, run: use(run, { steps: 1 }) };
    case "actionStarted":
      return begin(fold, payload.value, event);
    case "actionCompleted":
      return count(confirm(fold, payload.value, event.attempt), { actions: 1 });
    case "modelCalled": {
      const { inputTokens, outputTokens, costUsd } = payload.value;
      return { ...fold, run: use(run, { modelCalls: 1, inputTokens, outputTokens, costUsd }) };
    }
    case "inputRequested":
      return { ...fold, clock: { ...fold.clock, waitingSinceMs: atMs }, run: { ...run, awaits: payload.value } };
    case "inputReceived": {
      const { inputId, decision, answer, answerHmac } = payload.value;
      const kind = run.awaits?.kind ?? InputRequested_Kind.KIND_UNSPECIFIED;
      const received = { inputId, kind, attempt: event.attempt, decision, answer, answerHmac };
      return {
        ...fold,
        clock: resume(fold.clock, atMs),
        inputs: [...fold.inputs, received],
        run: { ...run, awaits: undefined },
      };
    }
    case "artifactStored":
      return payload.value.artifact === undefined ? fold : { ...fold, artifacts: [...fold.artifacts, payload.value.artifact] };
    case "warningRaised":
      return payload.value.reason === "JOURNAL_DAMAGED" ? lose(fold, payload.value.details) : fold;
    case "stopRequested":
      return { ...fold, stop: shorterStop(fold.stop, { ...payload.value, atMs }) };
    case "outcomePublished":
      return run.outcome === undefined ? { ...fold, run: { ...run, outcome: payload.value.outcome, awaits: undefined } } : fold;
    case "runFinished":
      return { ...fold, run: { ...run, endTime: event.time, runArtifact: payload.value.run?.runArtifact } };
    default:
      return fold;
  }
}

/** Whether how the current attempt ended is durable: with the run's outcome, or with another attempt to follow. */
export function isDecided({ run, attempt }: RunFold): boolean {
  return run.outcome !== undefined || attempt.failure !== undefined;
}

/** What a sandbox says that the run has no more to do with; older records have the bytes in the usage, which says nothing else. */
type Left = Pick<SandboxExited, "egressBytes" | "usage">;

function leave(fold: RunFold, { egressBytes, usage }: Left, atMs: number, how: Partial<RunFold["attempt"]>): RunFold {
  const heldMs = fold.attempt.readyAtMs === undefined ? 0 : atMs - fold.attempt.readyAtMs;
  return {
    ...fold,
    attempt: { ...fold.attempt, exited: true, ...how },
    run: use(fold.run, { browserSeconds: heldMs / 1000, egressBytes: egressBytes ?? usage?.egressBytes ?? 0 }),
  };
}

function resume(clock: RunFold["clock"], atMs: number): RunFold["clock"] {
  const waitedMs = clock.waitedMs + (clock.waitingSinceMs === undefined ? 0 : atMs - clock.waitingSinceMs);
  return { ...clock, waitedMs, waitingSinceMs: undefined };
}

/** What was lost may have been anything: the record must never know less than the world. */
function lose(fold: RunFold, { epoch = "" }: Readonly<Record<string, string>>): RunFold {
  return { ...fold, hasLost: true, epoch: Math.max(fold.epoch, Number(epoch) || 1), run: { ...fold.run, effects: Run_Effects.UNKNOWN } };
}

/** Milliseconds at which a stop's grace is over. */
export function graceEndsAtMs(stop: { readonly atMs: number; readonly graceSeconds: number }): number {
  return stop.atMs + stop.graceSeconds * 1000;
}

function shorterStop(first: RunFold["stop"], later: NonNullable<RunFold["stop"]>): NonNullable<RunFold["stop"]> {
  if (first === undefined) return later;
  return graceEndsAtMs(later) < graceEndsAtMs(first) ? { ...first, atMs: later.atMs, graceSeconds: later.graceSeconds } : first;
}

function begin(fold: RunFold, { actionId, stepIndex, action, inputSummary, effect }: ActionStarted, { attempt, sequence }: Event): RunFold {
  if (effect !== Effect.WRITE && effect !== Effect.COMMIT) return fold;
  const begun: UnconfirmedAction = { actionId, attempt, stepIndex, action, inputSummary, effect, sequence };
  const unconfirmedActions = [...fold.run.unconfirmedActions, begun].slice(-limits.unconfirmedActions);
  return { ...fold, run: { ...fold.run, unconfirmedActions, effects: Run_Effects.UNKNOWN } };
}

/** What failed after it was handed over may have happened all the same: it stays unconfirmed. */
function confirm(fold: RunFold, { actionId, success, untouched }: ActionCompleted, attempt: number): RunFold {
  if (!success && !untouched) return fold;
  const { run } = fold;
  const unconfirmedActions = run.unconfirmedActions.filter((begun) => begun.actionId !== actionId || begun.attempt !== attempt);
  if (unconfirmedActions.length === run.unconfirmedActions.length) return fold;
  const hasWritten = fold.hasWritten || !untouched;
  const known = hasWritten ? Run_Effects.COMMITTED : Run_Effects.NONE;
  const effects = fold.hasLost || unconfirmedActions.length > 0 ? Run_Effects.UNKNOWN : known;
  return { ...fold, hasWritten, run: { ...run, unconfirmedActions, effects } };
}

function count(fold: RunFold, more: Partial<Usage>): RunFold {
  return { ...fold, run: use(fold.run, more) };
}

function use(run: Run, more: Partial<Usage>): Run {
  const used = run.usage ?? Usage.fromPartial({});
  const sum = (name: CountedUsage) => used[name] + (more[name] ?? 0);
  const usage = Usage.fromPartial({});
  return { ...run, usage: { ...usage, ...Object.fromEntries(countedUsage.map((name) => [name, sum(name)])) } };
}

const countedUsage = ["steps", "actions", "modelCalls", "inputTokens", "outputTokens", "costUsd", "browserSeconds", "egressBytes"] as const;
type CountedUsage = (typeof countedUsage)[number];
