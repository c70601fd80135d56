import { Fault } from "@clew/fault/fault";
import { withHeartbeat } from "@clew/streams/heartbeat";
import type { FastifyReply } from "fastify";
import { type PaceLimits, paceResponse } from "../http/paced-response.ts";
import { requestSignal } from "../http/request-signal.ts";
import { takeOver } from "../http/take-over.ts";
import { encodeSse } from "./encode.ts";
import type { Frame } from "./frame.ts";
import { renderFrame } from "./render.ts";

/** The headers of every event stream: nothing on the way may keep, change or collect it. */
export const sseHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
} as const;

/** What serving one stream needs. */
export interface ServeOptions {
  /** Ends the stream with `reconnect` when it aborts. */
  readonly shutdown: AbortSignal;
  readonly pace: PaceLimits;
  /** Milliseconds of silence that a comment breaks; 15,000 at most. */
  readonly heartbeatMs: number;
  /** Told when a reader was disconnected because it took nothing. */
  readonly onStall: () => void;
}

const beat = Symbol("beat");

/**
 * Writes frames to a reader as server-sent events, no faster than it takes them, until they end, the reader leaves, or the service does.
 *
 * Nothing is written before the first frame is there. Ends the response.
 *
 * @throws Fault where the first frame cannot be had; the reply is then still the caller's.
 */
export async function serveSse(
  reply: FastifyReply,
  follow: (signal: AbortSignal) => AsyncIterable<Frame>,
  options: ServeOptions,
): Promise<void> {
  const { shutdown, pace, heartbeatMs, onStall } = options;
  using link = requestSignal(reply.raw, shutdown);
  try {
    const frames = follow(link.signal)[Symbol.asyncIterator]();
    const first = await frames.next();
    if (first.done) throw new Fault("INTERNAL");
    const response = takeOver(reply, 200, sseHeaders);
    try {
      const paced = paceResponse(response, pace, { signal: link.signal, onStall });
      await paced.write(encodeSse({ retryMs: jitter(1_500, 4_500) }));
      const beating = withHeartbeat<Frame | typeof beat>(startingWith(first.value, frames), { intervalMs: heartbeatMs, beat: () => beat });
      for await (const frame of beating) {
        if (frame === beat) await paced.write(encodeSse({ comment: "" }));
        else for (const piece of renderFrame(frame)) await paced.write(piece);
      }
      response.end();
    } catch (error) {
      if (!shutdown.aborted || response.destroyed) return void response.destroy(Fault.from(error));
      for (const piece of renderFrame({ kind: "reconnect", afterMs: jitter(1_000, 5_000) })) response.write(piece);
      response.end();
    }
  } finally {
    // Ends the orchestrator's stream, however this one ended.
    link.abort();
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield first;
    for (let result = await rest.next(); !result.done; result = await rest.next()) yield result.value;
  } finally {
    await rest.return?.();
  }
}

/** A whole number between two, drawn anew each time, so that readers who came together do not return together. */
function jitter(from: number, to: number): number {
  return Math.round(from + Math.random() * (to - from));
}
