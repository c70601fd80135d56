import { Fault } from "@clew/fault/fault";
import { createParser } from "eventsource-parser";
import { cancelled } from "./cancelled.ts";
import type { EventTransport, Frame } from "./event-transport.ts";
import { frameFromSse } from "./frame-from-sse.ts";
import type { Gateway } from "./gateway.ts";

/** More text than this without the end of one server-sent event is no stream of ours: an event is at most 64 KiB. */
const maxPendingCharacters = 4 * 1024 * 1024;

/** Follows events over server-sent events, read with fetch. */
export function createSseTransport(gateway: Gateway): EventTransport {
  return async function* openSse({ runId, after, types, signal }): AsyncGenerator<Frame> {
    const response = await gateway.open({
      path: `/v1/runs/${encodeURIComponent(runId)}/stream`,
      query: { types: types.length > 0 ? types.join(",") : undefined },
      headers: { accept: "text/event-stream", ...(after === "" ? {} : { "last-event-id": after }) },
      signal,
    });
    if (response.status === 204) {
      yield { kind: "end", lastSequence: undefined };
      return;
    }
    if (response.body === null || !(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
      await response.body?.cancel();
      throw new Fault("GATEWAY_UNREACHABLE", { message: `${gateway.url} answered, but not with a stream of events.` });
    }
    yield* readFrames(response.body, signal);
  };
}

async function* readFrames(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Frame> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const frames: Frame[] = [];
  let pending = 0;
  const parser = createParser({
    onEvent(message) {
      pending = 0;
      const frame = frameFromSse(message);
      if (frame !== undefined) frames.push(frame);
    },
    onRetry: (ms) => frames.push({ kind: "retry", ms }),
    onComment() {
      pending = 0;
    },
  });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const text = decoder.decode(value, { stream: true });
      pending += text.length;
      if (pending > maxPendingCharacters) throw new Fault("CONNECTION_LOST", { message: "The stream carried an event without an end." });
      parser.feed(text);
      yield* frames.splice(0);
    }
  } catch (thrown) {
    if (signal.aborted) throw cancelled(signal);
    throw thrown instanceof Fault ? thrown : new Fault("CONNECTION_LOST", { cause: thrown });
  } finally {
    void reader.cancel().then(undefined, () => {});
  }
}
