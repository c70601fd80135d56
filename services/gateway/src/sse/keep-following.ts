import { Fault } from "@clew/fault/fault";
import type { StreamRunEventsResponse } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { FollowRequest, RunFollower } from "../upstream/run-follower.ts";
import type { Frame } from "./frame.ts";
import { ReaderPosition } from "./reader-position.ts";

/** How long the orchestrator is waited for. */
export interface FollowLimits {
  /** Milliseconds it is tried before the reader was told anything. */
  readonly openMs: number;
  /** Milliseconds it is tried again after a loss, while the reader is kept. */
  readonly reopenMs: number;
  /** Milliseconds of silence after which its stream counts as lost. */
  readonly silenceMs: number;
}

/** How long the orchestrator is waited for unless a gateway is told otherwise; it sends a frame at least every 15 s. */
export const defaultFollowLimits: FollowLimits = { openMs: 2_000, reopenMs: 30_000, silenceMs: 40_000 };

/** What following needs beside the request. */
export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly limits: FollowLimits;
  /** Told of an event, or an end, that does not follow the event before. */
  readonly onGap: () => void;
  /** Told of each time the orchestrator's stream is opened again. */
  readonly onReopen: () => void;
}

/** More resets than this on one connection mean that a position is refused as soon as it is given. */
const maxResets = 3;

/**
 * Follows a run through losses of the orchestrator: each event once and in order, opened again from the reader's own position.
 *
 * A position that is gone becomes a `reset`, after which it goes on from the earliest. An overload becomes `busy`, and an orchestrator
 * that stays away `busy` or `reconnect`, as the last frame. Ends after `end`.
 *
 * @throws Fault where the run cannot be followed at all, before the first frame only; the signal's reason when it aborts.
 */
export async function* keepFollowing(
  follower: RunFollower,
  request: FollowRequest,
  options: FollowOptions,
): AsyncGenerator<Frame, void, undefined> {
  const { signal, limits } = options;
  const position = new ReaderPosition(request.token, request.types.length > 0);
  const backoff = createBackoff({ initialMs: 100, maxMs: 2_000 });
  let isTold = false;
  let resets = 0;
  let lostAt: number | undefined = performance.now();
  for (;;) {
    let afterMs = 0;
    try {
      for await (const answer of heard(follower, { ...request, token: position.token }, signal, limits.silenceMs)) {
        if (answer.frame.case === "reconnect") {
          afterMs = answer.frame.value.afterMs;
          break;
        }
        const { frame, isInOrder } = toFrame(answer, position);
        if (frame !== undefined && !(frame.kind === "hello" && isTold)) {
          isTold = true;
          yield frame;
          if (frame.kind === "end") return;
        }
        if (!isInOrder) {
          options.onGap();
          break;
        }
        if (frame?.kind === "hello") continue;
        lostAt = undefined;
        backoff.reset();
      }
    } catch (error) {
      signal.throwIfAborted();
      const fault = Fault.from(error);
      const earliest = fault.details["earliest"];
      if (fault.code === "OUT_OF_RANGE" && earliest !== undefined && resets < maxResets) {
        resets += 1;
        isTold = true;
        position.resetTo(earliest);
        yield { kind: "reset", token: earliest, reason: fault.reason };
        continue;
      }
      if (fault.code === "RESOURCE_EXHAUSTED") return yield { kind: "busy", afterMs: fault.retryAfterMs ?? comeBackMs() };
      if (fault.code !== "UNAVAILABLE") {
        if (!isTold) throw fault;
        // A reader that was told anything can only be sent away; what is wrong it learns when it comes back.
        return yield { kind: "reconnect", afterMs: comeBackMs() };
      }
    }
    signal.throwIfAborted();
    lostAt ??= performance.now();
    const boundMs = isTold ? limits.reopenMs : limits.openMs;
    if (performance.now() - lostAt >= boundMs) return yield { kind: isTold ? "reconnect" : "busy", afterMs: comeBackMs() };
    await delay(Math.max(afterMs, backoff.next()), { signal });
    options.onReopen();
  }
}

/** 2 to 5 s, so that many readers do not return together. */
function comeBackMs(): number {
  return Math.round(2_000 + Math.random() * 3_000);
}

/** Follows until the stream ends, or was silent for too long: a connection can be dead and not know it. */
async function* heard(
  follower: RunFollower,
  request: FollowRequest,
  signal: AbortSignal,
  silenceMs: number,
): AsyncGenerator<StreamRunEventsResponse, void, undefined> {
  using link = linkSignals(signal);
  const iterator = follower.follow(request, link.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => link.abort(new Fault("ORCHESTRATOR_UNAVAILABLE")), silenceMs);
      const result = await iterator.next().finally(() => clearTimeout(timer));
      if (result.done) return;
      yield result.value;
    }
  } finally {
    link.abort();
    void iterator.return?.().then(undefined, () => {});
  }
}

/** Reads an answer into a frame for the reader, and moves his position; no frame where there is nothing to say. */
function toFrame(
  { resumeToken, frame }: StreamRunEventsResponse,
  position: ReaderPosition,
): { readonly frame?: Frame; readonly isInOrder: boolean } {
  switch (frame.case) {
    case "events": {
      const { admitted, isInOrder } = position.admit(frame.value.events);
      if (isInOrder) position.moveTo(resumeToken);
      if (admitted.length === 0) return { isInOrder };
      return { frame: { kind: "events", token: position.token, events: admitted }, isInOrder };
    }
    case "end":
      if (!position.isCompleteAt(frame.value.lastSequence)) return { isInOrder: false };
      position.moveTo(resumeToken);
      return { frame: { kind: "end", token: position.token, end: frame.value }, isInOrder: true };
    case "hello":
      position.moveTo(resumeToken);
      return { frame: { kind: "hello", token: position.token, hello: frame.value }, isInOrder: true };
    case "checkpoint":
      position.moveTo(resumeToken);
      return { frame: { kind: "checkpoint", token: position.token }, isInOrder: true };
    default:
      // A frame of a later version: its position counts, what it says cannot be shown.
      position.moveTo(resumeToken);
      return { isInOrder: true };
  }
}
