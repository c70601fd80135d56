import { connect as connectSocket } from "node:net";
import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type Address, formatAddress } from "@clew/process/address";
import { linkSignals } from "@clew/streams/linked-signal";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** What goes along with a call of the orchestrator. */
export interface CallOptions {
  /** Who calls, and under which request id and trace. */
  readonly headers?: HeadersInit;
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Milliseconds the call may take. */
  readonly timeoutMs?: number;
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

/** The largest message either way; a page or a frame of events is at most 1 MiB, and a Run may add to it. */
export const maxMessageBytes = 8 * 1024 * 1024;

/** Opens the way to the orchestrator. It connects with the first call, and again after a loss. */
export function openUpstream(address: Address): Upstream {
  const baseUrl = address.kind === "unix" ? "http://localhost" : `http://${formatAddress(address)}`;
  const session = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 },
    {
      // The default of 10 MB refuses new streams once some hundred slow readers have filled their windows.
      maxSessionMemory: 1_000,
      ...(address.kind === "unix" ? { createConnection: () => connectSocket(address.path) } : {}),
    },
  );
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: session,
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    // Both ends are on one machine or one network: compression would cost more than it saves.
    acceptCompression: [],
  });
  return {
    async unary(method, request, { headers, signal, timeoutMs }) {
      const { message } = await transport.unary(method, signal, timeoutMs, headers, request);
      return message;
    },
    async *stream(method, requests, { headers, signal, timeoutMs }) {
      // Leaving a loop over a Connect stream does not end the call; aborting it does.
      using link = linkSignals(signal);
      try {
        const { message } = await transport.stream(method, link.signal, timeoutMs, headers, requests);
        yield* message;
      } finally {
        link.abort();
      }
    },
    [Symbol.dispose]() {
      session.abort();
    },
  };
}
