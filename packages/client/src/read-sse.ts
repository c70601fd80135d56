import { Fault } from "@clew/fault/fault";
import { createParser } from "eventsource-parser";
import { cancelled } from "./cancelled.ts";
import type { Call, Gateway } from "./gateway.ts";

/** What a connection of server-sent events brings. */
export type SseSignal =
  | { readonly kind: "message"; readonly message: SseMessage }
  /** How long to wait, about, before a connection that was cut is made again. */
  | { readonly kind: "retry"; readonly ms: number }
  /** Status 204: the reader has all there will ever be. */
  | { readonly kind: "complete" };

/** One server-sent event, as a parser yields it. */
export interface SseMessage {
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  readonly data: string;
}

/** More text than this without the end of one server-sent event is no stream of ours: an event is at most 64 KiB. */
const maxPendingCharacters = 4 * 1024 * 1024;

/** Opens one connection of server-sent events and yields what it brings; ends when the server closes, throws a Fault where it was refused or broke. */
export async function* readSse(
  gateway: Gateway,
  { after, signal, ...call }: Pick<Call, "path" | "query"> & { readonly after: string; readonly signal: AbortSignal },
): AsyncGenerator<SseSignal> {
  const headers = { accept: "text/event-stream", ...(after === "" ? {} : { "last-event-id": after }) };
  const response = await gateway.open({ ...call, headers, signal });
  if (response.status === 204) {
    yield { kind: "complete" };
    return;
  }
  if (response.body === null || !(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    await response.body?.cancel();
    throw new Fault("GATEWAY_UNREACHABLE", { message: `${gateway.url} answered, but not with a stream of events.` });
  }
  yield* parse(response.body, signal);
}

async function* parse(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<SseSignal> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const signals: SseSignal[] = [];
  let pending = 0;
  const parser = createParser({
    onEvent(message) {
      pending = 0;
      signals.push({ kind: "message", message });
    },
    onRetry: (ms) => signals.push({ kind: "retry", ms }),
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
      yield* signals.splice(0);
    }
  } catch (thrown) {
    if (signal.aborted) throw cancelled(signal);
    throw thrown instanceof Fault ? thrown : new Fault("CONNECTION_LOST", { cause: thrown });
  } finally {
    void reader.cancel().then(undefined, () => {});
  }
}
