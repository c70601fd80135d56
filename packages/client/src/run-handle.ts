import { Fault } from "@clew/fault/fault";
import { closable, startScope } from "./closable.ts";
import { type DownloadOptions, download } from "./download.ts";
import type { EventTransport } from "./event-transport.ts";
import { follow } from "./follow.ts";
import type { Gateway } from "./gateway.ts";
import { poll } from "./poll.ts";
import { type EventPage, type PageOptions, readEvents } from "./read-events.ts";
import type { Artifact, Outcome, Run, RunState } from "./run.ts";
import type { RunEvent, RunEventType } from "./run-event.ts";
import { getRun, waitForEnd } from "./wait-for-end.ts";

/** How to read a run's events. */
export interface EventsOptions {
  /** A resume token, or a sequence: only what comes after it. `now`: only what is new. Absent: from the first event. */
  readonly after?: string | number | undefined;
  /** Only events of these types. */
  readonly types?: readonly (RunEventType | (string & {}))[] | undefined;
  /** Ends the stream, never the run. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the stream with DEADLINE_EXCEEDED after this many milliseconds; without it, it may last as long as the run. */
  readonly timeoutMs?: number | undefined;
  /** What to do when the service no longer has the history `after` belongs to: throw the Fault (the default), or go on from the earliest event there is. */
  readonly onReset?: "throw" | "continue" | undefined;
  /** Told why each time the gateway is lost, or asks again and again to come back later; the stream comes back by itself. */
  readonly onTrouble?: ((fault: Fault) => void) | undefined;
}

/** How a run ended. */
export interface RunResult {
  /** COMPLETED, FAILED, TIMED_OUT or TERMINATED. */
  readonly state: RunState;
  readonly outcome: Outcome;
  readonly run: Run;
}

/** What a waiting run asked a person, answered; without `inputId`, what it asks now. */
export type RunAnswer = { readonly inputId?: string } & (
  | { readonly decision: "approve" | "deny" }
  | { readonly answer: string }
  | { readonly secret: string }
  | { readonly browserState: Readonly<Record<string, unknown>> }
);

/** A run, known by its id: everything that can be asked of it. */
export interface RunHandle {
  readonly id: string;
  /** The run's events, each once and in order, until its end; leaving the loop ends the stream, never the run. In poll mode, `runFinished` only. */
  events(options?: EventsOptions): AsyncIterableIterator<RunEvent>;
  /** Reads one page of the run's events; holds nothing open. */
  readEvents(options?: PageOptions): Promise<EventPage>;
  /** Waits for the end; never throws for a run that ended. DEADLINE_EXCEEDED after `timeoutMs`. */
  result(options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number }): Promise<RunResult>;
  /** Reads the run; with `wait` (seconds, at most 60) answers when it is over or that time has passed. */
  get(options?: { readonly wait?: number; readonly signal?: AbortSignal }): Promise<Run>;
  /** Asks the run to stop; a running action has `graceSeconds` (0 to 120, 10 unless given; 0 kills). */
  stop(options?: { readonly reason?: string; readonly graceSeconds?: number; readonly signal?: AbortSignal }): Promise<Run>;
  /** Lets go of what the run left for forks; RUN_NOT_TERMINAL before it is over. Repeatable. */
  release(options?: { readonly signal?: AbortSignal }): Promise<Run>;
  /** Answers what the run asked a person (`run.awaits`). The first answer wins; the same again is fine. INPUT_NOT_AWAITED for another, or one that is late. */
  answer(answer: RunAnswer, options?: { readonly signal?: AbortSignal }): Promise<Run>;
  /** The files the run left so far. */
  artifacts(options?: { readonly signal?: AbortSignal }): Promise<readonly Artifact[]>;
  /** One of them, as a Response whose body is its bytes; `range` as in HTTP, such as `bytes=0-99`. */
  artifact(name: string, options?: { readonly signal?: AbortSignal; readonly range?: string }): Promise<Response>;
  /** The bytes of one of them, to the last: a connection that breaks is resumed. ARTIFACT_DAMAGED where they are not what the service said. */
  download(name: string, options?: DownloadOptions): AsyncIterable<Uint8Array>;
}

/** What a handle works with. */
export interface RunHandleParts {
  readonly gateway: Gateway;
  readonly transport: EventTransport;
  readonly streaming: "stream" | "poll";
  readonly renewsTicket: boolean;
  readonly connectPatienceMs: number;
  readonly reconnectPatienceMs: number;
}

/** Makes a handle on the run of this id; asks nothing yet. */
export function createRunHandle(id: string, parts: RunHandleParts): RunHandle {
  const { gateway, transport, streaming, renewsTicket, connectPatienceMs, reconnectPatienceMs } = parts;
  const path = `/v1/runs/${encodeURIComponent(id)}`;
  return {
    id,
    events({ after, types, signal, timeoutMs, onReset, onTrouble } = {}) {
      return closable(signal, timeoutMs, (own) =>
        streaming === "poll"
          ? poll(gateway, id, { after, signal: own, patienceMs: reconnectPatienceMs })
          : follow(transport, id, { after, types, onReset, onTrouble, renewsTicket, signal: own, connectPatienceMs, reconnectPatienceMs }),
      );
    },
    readEvents: (options = {}) => readEvents(gateway, id, options),
    async result({ signal, timeoutMs } = {}) {
      const scope = startScope(signal, timeoutMs);
      try {
        const run = await waitForEnd(gateway, id, { signal: scope.signal, patienceMs: reconnectPatienceMs });
        return { state: run.state, outcome: run.outcome ?? emptyOutcome, run };
      } finally {
        scope.end();
      }
    },
    get: ({ wait, signal } = {}) => getRun(gateway, id, { waitSeconds: wait, signal }),
    stop: ({ reason, graceSeconds, signal } = {}) =>
      gateway.json<Run>({ method: "POST", path: `${path}/stop`, json: { reason, graceSeconds }, signal }),
    release: ({ signal } = {}) => gateway.json<Run>({ method: "POST", path: `${path}/release`, json: {}, signal }),
    async answer(answer, { signal } = {}) {
      const inputId = answer.inputId ?? (await getRun(gateway, id, { signal })).awaits?.inputId;
      if (inputId === undefined) throw new Fault("INPUT_NOT_AWAITED", { message: "The run asks nothing now." });
      return await gateway.json<Run>({ method: "POST", path: `${path}/inputs`, json: { ...answer, inputId }, signal });
    },
    async artifacts({ signal } = {}) {
      const { artifacts } = await gateway.json<{ readonly artifacts: readonly Artifact[] }>({ path: `${path}/artifacts`, signal });
      return artifacts;
    },
    artifact: (name, { signal, range } = {}) =>
      gateway.response({ path: `${path}/artifacts/${encodeURIComponent(name)}`, headers: range === undefined ? {} : { range }, signal }),
    download: (name, options = {}) =>
      download(gateway, `${path}/artifacts/${encodeURIComponent(name)}`, { ...options, patienceMs: connectPatienceMs }),
  };
}

const emptyOutcome: Outcome = { summary: "", extractedTexts: [], sessionMemory: "", truncated: false };
