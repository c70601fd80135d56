import { type InputRequested, InputRequested_Kind, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { hasLongNames } from "./fit-outcome.ts";
import { limits } from "./limits.ts";
import type { RunFold } from "./run.ts";

/** Who says something in a sandbox. */
export type SandboxProducer = "agent" | "warden";

type Said = NonNullable<SandboxEvent["payload"]>["$case"];

/** Who may say what. An event of the wrong producer is refused. */
const speakers = {
  sandboxReady: ["warden"],
  sandboxExited: ["warden"],
  sandboxKept: ["warden"],
  egressDenied: ["warden"],
  warningRaised: ["agent", "warden"],
  guardrailTripped: ["agent", "warden"],
  modelCalled: ["warden"],
  runStarted: ["agent"],
  stepStarted: ["agent"],
  stepCompleted: ["agent"],
  actionStarted: ["agent"],
  actionCompleted: ["agent"],
  actionBlocked: ["agent"],
  pageChanged: ["agent"],
  stuckDetected: ["agent"],
  captchaDetected: ["agent"],
  injectionDetected: ["agent"],
  recoveryStarted: ["agent"],
  recoveryEnded: ["agent"],
  inputRequested: ["agent"],
  artifactReady: ["agent"],
  outcomePublished: ["agent"],
} as const satisfies Record<Said, readonly SandboxProducer[]>;

/** What becomes of an event that a sandbox said. */
export type Admission =
  | { readonly kind: "admitted" }
  /** The journal has it already. */
  | { readonly kind: "duplicate" }
  /** One before it is missing; `expected` is the sequence that must come. */
  | { readonly kind: "gap"; readonly expected: number }
  /** It is of an attempt that is not the current one. */
  | { readonly kind: "fenced" }
  /** The run has as many events as it may have. */
  | { readonly kind: "limit" }
  /** It breaks the contract. */
  | { readonly kind: "refused"; readonly why: string };

/** Where admission stands. */
export interface AdmissionState {
  readonly producer: SandboxProducer;
  /** The attempt the event is of, and the run's current one. */
  readonly attempt: number;
  readonly currentAttempt: number;
  /** The producer's last sequence in the journal: the ingest position. */
  readonly position: number;
  /** How many events the run has. */
  readonly events: number;
  /** Whether the attempt's work has begun. */
  readonly begun: boolean;
  /** Why the run may ask nobody now; undefined where it may. */
  readonly unasked?: string | undefined;
}

/** Decides on one event of a sandbox, before anything else is done with it. */
export function admit(event: SandboxEvent, encodedBytes: number, state: AdmissionState): Admission {
  if (state.attempt !== state.currentAttempt) return { kind: "fenced" };
  if (event.sequence <= state.position) return { kind: "duplicate" };
  if (event.sequence !== state.position + 1) return { kind: "gap", expected: state.position + 1 };
  if (event.payload === undefined) return { kind: "refused", why: "an event without a payload" };
  const allowed: readonly SandboxProducer[] = speakers[event.payload.$case];
  if (!allowed.includes(state.producer)) return { kind: "refused", why: `${event.payload.$case} from the ${state.producer}` };
  if (encodedBytes > limits.eventBytes - limits.eventHeadroomBytes) return { kind: "refused", why: `an event of ${encodedBytes} bytes` };
  const unfit = outOfTurn(event.payload, state) ?? tooLong(event.payload);
  if (unfit !== undefined) return { kind: "refused", why: unfit };
  if (state.events >= limits.eventsPerRun - limits.eventsReserve) return { kind: "limit" };
  return { kind: "admitted" };
}

/** What a producer may say, and not now or not so. */
function outOfTurn(payload: NonNullable<SandboxEvent["payload"]>, { begun, unasked }: AdmissionState): string | undefined {
  if (payload.$case === "runStarted" && begun) return "a second runStarted";
  if (payload.$case === "warningRaised" && payload.value.reason === "JOURNAL_DAMAGED") return "a warning of the orchestrator's own";
  if (payload.$case === "inputRequested" && unasked !== undefined) return `a question ${unasked}`;
  if (payload.$case === "outcomePublished" && payload.value.state !== Run_State.COMPLETED && payload.value.state !== Run_State.FAILED) {
    return "an outcome that is neither COMPLETED nor FAILED";
  }
  return undefined;
}

/** Which text of a payload is longer than a Run can keep. */
function tooLong(payload: NonNullable<SandboxEvent["payload"]>): string | undefined {
  if (payload.$case === "actionStarted") {
    const { actionId, action, inputSummary } = payload.value;
    if (Math.max(actionId.length, action.length) > limits.nameChars) return "an action with a name that is too long";
    if (inputSummary.length > limits.inputSummaryChars) return "an action with a summary that is too long";
  }
  if (payload.$case === "inputRequested") return unfitQuestion(payload.value);
  if (payload.$case === "outcomePublished" && payload.value.outcome !== undefined && hasLongNames(payload.value.outcome)) {
    return "an outcome with a name that is too long";
  }
  return undefined;
}

/** Why a run may ask nobody now, which its sandbox should know; undefined where it may. What it asks once its outcome is known is another matter. */
export function whyUnasked({ run, inputs }: Pick<RunFold, "run" | "inputs">, inputId: string): string | undefined {
  if ((run.spec?.waitForPersonSeconds ?? 0) === 0) return "that nobody is there to answer";
  if (run.awaits !== undefined) return "while another waits for its answer";
  if (inputs.some((received) => received.inputId === inputId)) return "that was asked before";
  if (inputs.length >= limits.inputsPerRun) return "too many";
  return undefined;
}

function unfitQuestion({ inputId, kind, prompt, choices, screenshot = "", actionId }: InputRequested): string | undefined {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(inputId) || kind === InputRequested_Kind.KIND_UNSPECIFIED) return "a question of no kind or name";
  const names = [screenshot, actionId];
  const isLong =
    prompt.length > limits.promptChars ||
    choices.length > limits.choices ||
    choices.some(({ length }) => length > limits.choiceChars) ||
    names.some(({ length }) => length > limits.nameChars);
  return isLong ? "a question that is too long" : undefined;
}
