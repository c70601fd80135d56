import { Fault } from "@clew/fault/fault";
import type { GrpcClient } from "@clew/grpc/service";
import { Producer } from "@clew/journal-format/record";
import type { Logger } from "@clew/process/logger";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { OutcomePublished } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { admit, type SandboxProducer, whyUnasked } from "../runs/admit.ts";
import { personRestMs } from "../runs/deadline.ts";
import type { Payload } from "../runs/event.ts";
import type { RedactEvent } from "../runs/redact-event.ts";
import { retryAtMs } from "../runs/retry.ts";
import { isDecided, type RunFold } from "../runs/run.ts";
import { attemptFailed, warningRaised } from "./phrases.ts";
import type { RunDraft, RunLog } from "./run-log.ts";

/** How the journal names those who say something in a sandbox. */
const records = { agent: Producer.AGENT, warden: Producer.WARDEN } as const satisfies Record<SandboxProducer, Producer>;

const partEvents = 500;

/** Why a producer that lives can say nothing any more: its outbox could not be written. */
const muting: ReadonlySet<string> = new Set(["VOLUME_FULL", "VOLUME_FAILED"]);

/** Brings a file the sandbox announced onto the volume, and answers the event that says so. */
export type TakeArtifact = (
  ready: Extract<SandboxEvent["payload"], { $case: "artifactReady" }>["value"],
  signal: AbortSignal,
) => Promise<{ summary: string; payload: Payload }>;

/** One producer of one attempt, as its events are taken in. */
export interface Source {
  readonly log: RunLog;
  readonly attempt: number;
  readonly producer: SandboxProducer;
  /** Masks what must never be written. */
  readonly redact: RedactEvent;
  readonly takeArtifact: TakeArtifact;
  readonly logger: Logger;
}

/** The client a live producer's events come through. */
export type EventClient = GrpcClient<typeof SandboxEventServiceService>;

/**
 * Takes in all that a live producer says: append, fsync, publish, acknowledge. Reconnects by itself, resuming after the
 * journal's own position. Resolves when the producer has said all it will ever say.
 *
 * @throws Fault SANDBOX_MISBEHAVED when it breaks its contract twice; VOLUME_FULL or VOLUME_FAILED where that befell the journal or its own outbox; the
 * signal's reason when that aborts.
 */
export async function ingestLive(
  source: Source,
  client: EventClient,
  options: { readonly signal: AbortSignal; readonly onSign: () => void },
): Promise<void> {
  const { signal, onSign } = options;
  const { producer } = source;
  const backoff = createBackoff({ initialMs: 50, maxMs: 1_000 });
  const acknowledge = createAcknowledger(client, signal);
  const position = () => ingestPosition(source);
  let offences = 0;
  for (;;) {
    signal.throwIfAborted();
    let ours: Fault | undefined;
    try {
      for await (const { frame } of client.streamSandboxEvents({ after: position() }, { signal })) {
        onSign();
        backoff.reset();
        if (frame?.$case === "events") {
          // A slow disk of ours is no silence of theirs.
          const busy = setInterval(onSign, 1_000);
          await take(source, frame.value.events, signal)
            .catch((error: unknown) => {
              ours = Fault.from(error);
              throw error;
            })
            .finally(() => clearInterval(busy));
        }
        // With every frame: one that was lost, or that an orchestrator before this one could not send, is sent again.
        if (position() > 0) acknowledge(position());
        if (frame?.$case === "end") {
          if (position() >= frame.value.tail) return;
          ours = new Fault("SANDBOX_MISBEHAVED", { message: "The sandbox ended its stream before its last event." });
          throw ours;
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      source.logger.debug({ producer, error }, "stream of a producer broke");
      if (ours !== undefined && (ours.reason !== "SANDBOX_MISBEHAVED" || ++offences > 1)) throw ours;
      // What the other side says of itself is no reason of ours, and is only tried again; but that it can say no more.
      const theirs = Fault.from(error);
      if (ours === undefined && muting.has(theirs.reason)) throw theirs;
    }
    await delay(backoff.next(), { signal });
  }
}

/** Takes in what a producer left behind in its outbox, a part at a time: others have their turn while each is written. */
export async function ingestLeft(source: Source, events: readonly SandboxEvent[], signal: AbortSignal): Promise<void> {
  for (let from = 0; from < events.length; from += partEvents) await take(source, events.slice(from, from + partEvents), signal);
}

/** The ingest position: the producer's own sequence of its last event in the journal. */
export function ingestPosition({ log, attempt, producer }: Source): number {
  return log.journal.producerPosition(attempt, records[producer]);
}

/** Admits events one by one and writes what is admitted, in order, as few batches as artifacts allow. */
async function take(source: Source, events: readonly SandboxEvent[], signal: AbortSignal): Promise<void> {
  const { log, attempt, producer, redact } = source;
  let batch: RunDraft[] = [];
  let position = ingestPosition(source);
  let begun = log.fold.attempt.startedAtMs !== undefined;
  const flush = async () => {
    const drafts = batch;
    batch = [];
    await log.decide((fold) => drafts.map((draft) => asItCounts(draft, fold)));
  };
  for (const event of events) {
    // Whether somebody may be asked depends on all that was said before.
    if (event.payload?.$case === "inputRequested") await flush();
    const admission = admit(event, SandboxEvent.encode(event).finish().byteLength, {
      producer,
      attempt,
      currentAttempt: log.run.attempt,
      position,
      events: log.run.lastSequence + batch.length,
      begun,
      unasked: event.payload?.$case === "inputRequested" ? whyUnasked(log.fold, event.payload.value.inputId) : undefined,
    });
    if (admission.kind === "duplicate" || admission.kind === "fenced") continue;
    if (admission.kind === "gap")
      throw new Fault("SANDBOX_MISBEHAVED", { message: `The ${producer} left out event ${admission.expected}.` });
    if (admission.kind === "refused") throw new Fault("SANDBOX_MISBEHAVED", { message: `The ${producer} sent ${admission.why}.` });
    if (admission.kind === "limit") throw new Fault("EVENT_LIMIT");
    begun ||= event.payload?.$case === "runStarted";
    position = event.sequence;
    const said = redact(event);
    if (said.payload === undefined) continue;
    // What comes of an outcome depends on all that was said before it.
    if (said.payload.$case === "artifactReady" || said.payload.$case === "outcomePublished") await flush();
    if (said.payload.$case === "artifactReady") {
      batch.push({
        ...(await source.takeArtifact(said.payload.value, signal)),
        attempt,
        producer: records[producer],
        producerSequence: event.sequence,
      });
    } else {
      batch.push({ summary: said.summary, payload: said.payload, attempt, producer: records[producer], producerSequence: event.sequence });
    }
  }
  await flush();
}

/** What a sandbox says as it counts where the run stands: questions end with the time the run has for people, and mean nothing once its outcome is known. */
function asItCounts(draft: RunDraft, fold: RunFold): RunDraft {
  const { payload } = draft;
  if (payload.$case === "outcomePublished") return outcomeOrLess(draft, payload.value, fold);
  if (payload.$case !== "inputRequested") return draft;
  if (isDecided(fold))
    return { ...draft, ...warningRaised("INPUT_IGNORED", "The sandbox asked a person after the run's outcome was known.") };
  const expireTime = new Date(Date.now() + personRestMs(fold));
  return { ...draft, payload: { ...payload, value: { ...payload.value, expireTime } } };
}

/** The first outcome that is durable decides; a later one is only noted. One that another attempt may better is the end of its attempt only. */
function outcomeOrLess(draft: RunDraft, { state, outcome }: OutcomePublished, fold: RunFold): RunDraft {
  if (isDecided(fold)) {
    const message = "The sandbox proposed an outcome after the run's outcome was known.";
    return { ...draft, ...warningRaised("OUTCOME_IGNORED", message) };
  }
  const error = state === Run_State.FAILED ? outcome?.error : undefined;
  const nowMs = Date.now();
  const atMs = error === undefined ? undefined : retryAtMs(fold, error, nowMs);
  return error === undefined || atMs === undefined ? draft : { ...draft, ...attemptFailed(error, atMs, nowMs) };
}

/** Acknowledges the newest position only, one call at a time. */
function createAcknowledger(client: EventClient, signal: AbortSignal): (through: number) => void {
  let wanted = 0;
  let sent = 0;
  let running = false;
  const send = async () => {
    try {
      while (wanted > sent) {
        const through = wanted;
        await client.acknowledgeSandboxEvents({ through }, { signal, timeoutMs: 10_000 });
        sent = through;
      }
    } catch {
      // The next batch, or the next connection, acknowledges all of it again.
    } finally {
      running = false;
    }
  };
  return (through) => {
    wanted = Math.max(wanted, through);
    if (running) return;
    running = true;
    // After those who wait for the tail: readers come first.
    setImmediate(() => void send());
  };
}
