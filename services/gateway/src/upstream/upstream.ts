import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Address } from "@clew/process/address";
import { type LinkedSignal, linkSignals } from "@clew/streams/linked-signal";
import { wireContract } from "@clew/streams/wire-contract";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createSessions } from "./sessions.ts";

/** What goes along with a call of the orchestrator. */
export interface CallOptions {
  /** Who calls, and under which request id and trace. */
  readonly headers?: HeadersInit;
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Milliseconds the call may take. */
  readonly timeoutMs?: number;
  /** Told what the answer of a call that answers once is headed with. */
  readonly onHeader?: (header: Headers) => void;
}

/** The orchestrator, over gRPC. Calls throw ConnectError. Disposing it ends every open call. */
export interface Upstream extends Disposable {
  /** Calls a method that answers once. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>>;
  /** Calls a method that streams in either direction. Leaving the loop ends the call. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options: CallOptions,
  ): AsyncGenerator<MessageShape<O>, void, undefined>;
}

/** Opens the way to the orchestrator. It connects with the first call, and again after a loss. */
export function openUpstream(address: Address): Upstream {
  const sessions = createSessions(address);
  const transport = createGrpcTransport({
    baseUrl: sessions.baseUrl,
    sessionManager: sessions.manager,
    readMaxBytes: wireContract.maxMessageBytes,
    writeMaxBytes: wireContract.maxMessageBytes,
    // Both ends are on one machine or one network: compression would cost more than it saves.
    acceptCompression: [],
  });
  return {
    async unary(method, request, { headers, signal, timeoutMs, onHeader }) {
      using cancel = cancelWith(signal);
      const { message, header } = await transport.unary(method, cancel.signal, timeoutMs, headers, request);
      onHeader?.(header);
      return message;
    },
    async *stream(method, requests, { headers, signal, timeoutMs }) {
      // Leaving a loop over a Connect stream does not end the call, or ends it as an error of ours; aborting cancels it.
      using cancel = cancelWith(signal);
      try {
        const { message } = await transport.stream(method, cancel.signal, timeoutMs, headers, requests);
        const messages = message[Symbol.asyncIterator]();
        for (let next = await messages.next(); !next.done; next = await messages.next()) yield next.value;
      } finally {
        cancel.abort(cancelled());
      }
    },
    [Symbol.dispose]() {
      sessions[Symbol.dispose]();
    },
  };
}

/** Makes a signal that cancels a call when its caller leaves. Any other reason than this one resets the call as an error of ours. */
function cancelWith(signal: AbortSignal | undefined): LinkedSignal {
  const link = linkSignals();
  const onAbort = () => link.abort(cancelled());
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: link.signal,
    abort: link.abort,
    [Symbol.dispose]() {
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

function cancelled(): ConnectError {
  return new ConnectError("The caller left.", Code.Canceled);
}
