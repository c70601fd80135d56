import { Run_State as S } from "@clew/proto/grpc/clew/run/v1/run";

/** The states a run can have. */
export type State = Exclude<S, typeof S.STATE_UNSPECIFIED>;

/** The events that can move a run from state to state, by their payload's name. */
export type Signal =
  | "attemptStarted"
  | "attemptFailed"
  | "runStarted"
  | "inputRequested"
  | "inputReceived"
  | "outcomePublished"
  | "runFinished";

/** Where a signal leads: a state, the run's terminal state (`final`), or nowhere: it must not be written then. */
type Cell = State | "final" | null;

/** Where each signal leads from each state. Terminal is final: from there nothing leads anywhere. */
export const transitions = {
  [S.QUEUED]: {
    attemptStarted: S.STARTING,
    attemptFailed: null,
    runStarted: null,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: S.FINALIZING,
    runFinished: null,
  },
  [S.STARTING]: {
    attemptStarted: S.STARTING,
    attemptFailed: S.STARTING,
    runStarted: S.RUNNING,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: S.FINALIZING,
    runFinished: null,
  },
  [S.RUNNING]: {
    attemptStarted: S.STARTING,
    attemptFailed: S.STARTING,
    runStarted: null,
    inputRequested: S.WAITING,
    inputReceived: null,
    outcomePublished: S.FINALIZING,
    runFinished: null,
  },
  [S.WAITING]: {
    attemptStarted: S.STARTING,
    attemptFailed: S.STARTING,
    runStarted: null,
    inputRequested: null,
    inputReceived: S.RUNNING,
    outcomePublished: S.FINALIZING,
    runFinished: null,
  },
  [S.FINALIZING]: {
    attemptStarted: null,
    attemptFailed: null,
    runStarted: null,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: null,
    runFinished: "final",
  },
  [S.COMPLETED]: {
    attemptStarted: null,
    attemptFailed: null,
    runStarted: null,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: null,
    runFinished: null,
  },
  [S.FAILED]: {
    attemptStarted: null,
    attemptFailed: null,
    runStarted: null,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: null,
    runFinished: null,
  },
  [S.TIMED_OUT]: {
    attemptStarted: null,
    attemptFailed: null,
    runStarted: null,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: null,
    runFinished: null,
  },
  [S.TERMINATED]: {
    attemptStarted: null,
    attemptFailed: null,
    runStarted: null,
    inputRequested: null,
    inputReceived: null,
    outcomePublished: null,
    runFinished: null,
  },
} as const satisfies Record<State, Record<Signal, Cell>>;

const signals: ReadonlySet<string> = new Set(Object.keys(transitions[S.QUEUED]));

/** Whether a payload's name is one that moves runs. */
export function isSignal(type: string): type is Signal {
  return signals.has(type);
}

/** Whether a run in this state is over for good. */
export function isTerminal(state: S): boolean {
  return state === S.COMPLETED || state === S.FAILED || state === S.TIMED_OUT || state === S.TERMINATED;
}

/** Where a signal leads from a state; null where it must not be written. `final` is the state its outcome proposed. */
export function nextState(state: S, signal: Signal, final: S): S | null {
  if (state === S.STATE_UNSPECIFIED) return null;
  const cell: Cell = transitions[state][signal];
  return cell === "final" ? final : cell;
}
