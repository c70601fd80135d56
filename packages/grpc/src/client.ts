import { Fault } from "@clew/fault/fault";
import { wireContract } from "@clew/streams/wire-contract";
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { createReadAhead, type SizedMessage } from "./read-ahead.ts";
import type { CallOptions, GrpcClient, MethodDescription, ServiceDescription } from "./service.ts";
import { fromServiceError } from "./status.ts";

/** How a client presents itself, and what it asks of the server. */
export interface GrpcClientOptions {
  /** Sent along with each call. */
  readonly metadata?: (path: string) => Metadata;
  /** Throws a Fault where the answer's headers do not prove the server; runs before the answer is given out. */
  readonly verify?: (path: string, headers: Metadata, sent: Metadata) => void;
}

/** A call whose messages come from callers typed by its own description. */
type Described = Omit<MethodDescription, "requestSerialize"> & { readonly requestSerialize: (value: unknown) => Buffer };

/** Makes a client whose calls are promises and async iterables. It connects on its first call, and again by itself. */
export function connectGrpc<S extends ServiceDescription>(description: S, address: string, options: GrpcClientOptions = {}): GrpcClient<S> {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": wireContract.maxMessageBytes,
    "grpc.max_send_message_length": wireContract.maxMessageBytes,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    // Channels to one address are not shared: each client closes its own.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.keepalive_time_ms": wireContract.pingIntervalMs,
    "grpc.keepalive_timeout_ms": wireContract.pingTimeoutMs,
  });
  const calls: Record<string | symbol, unknown> = { [Symbol.dispose]: () => client.close() };
  for (const [name, method] of Object.entries(description)) {
    const described = method as Described;
    calls[name] = described.responseStream ? streaming(client, described, options) : single(client, described, options);
  }
  return calls as GrpcClient<S>;
}

function single(client: Client, method: Described, options: GrpcClientOptions) {
  return (input: unknown, call: CallOptions = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const { signal } = call;
      if (signal?.aborted) return reject(signal.reason);
      const sent = outgoing(method.path, options, call);
      let refused: unknown;
      const onResponse = (error: ServiceError | null, value?: unknown) => {
        signal?.removeEventListener("abort", onAbort);
        if (refused !== undefined) return reject(refused);
        if (signal?.aborted) return reject(signal.reason);
        if (error) return reject(fromServiceError(error));
        resolve(value);
      };
      const bounds = deadline(call);
      const { path, requestSerialize, responseDeserialize } = method;
      const upload = method.requestStream
        ? client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, sent, bounds, onResponse)
        : undefined;
      const running = upload ?? client.makeUnaryRequest(path, requestSerialize, responseDeserialize, input, sent, bounds, onResponse);
      const onAbort = () => running.cancel();
      signal?.addEventListener("abort", onAbort, { once: true });
      running.on("metadata", (headers) => {
        try {
          options.verify?.(method.path, headers, sent);
        } catch (error) {
          refused = error;
          running.cancel();
        }
      });
      if (upload !== undefined) {
        void (async () => {
          try {
            for await (const value of input as AsyncIterable<unknown>) {
              if (!upload.write(value)) await new Promise((go) => upload.once("drain", go).once("close", go).once("error", go));
            }
            upload.end();
          } catch (error) {
            refused = error;
            running.cancel();
          }
        })();
      }
    });
}

/** How much of a stream may wait for its reader, in bytes. */
const mostBytesAhead = 256 * 1024;

function streaming(client: Client, method: Described, options: GrpcClientOptions) {
  return async function* (request: unknown, call: CallOptions = {}): AsyncGenerator<unknown> {
    const { signal } = call;
    signal?.throwIfAborted();
    const sent = outgoing(method.path, options, call);
    const ahead = createReadAhead(mostBytesAhead);
    const stream: ClientReadableStream<SizedMessage> = client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      (encoded) => ({ value: method.responseDeserialize(encoded), bytes: encoded.byteLength }),
      request,
      sent,
      { ...deadline(call), interceptors: [ahead.interceptor] },
    );
    let refused: unknown;
    const onAbort = () => stream.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
    stream.on("metadata", (headers) => {
      try {
        options.verify?.(method.path, headers, sent);
      } catch (error) {
        refused = error;
        stream.cancel();
      }
    });
    // Cancelling emits an error also when nobody reads any more.
    stream.on("error", () => {});
    try {
      for await (const message of stream) {
        ahead.taken(message);
        signal?.throwIfAborted();
        if (refused !== undefined) break;
        yield message.value;
      }
    } catch (error) {
      if (refused !== undefined) throw refused;
      if (signal?.aborted) throw signal.reason;
      throw isServiceError(error) ? fromServiceError(error) : Fault.from(error);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      stream.cancel();
      ahead.release();
    }
    if (refused !== undefined) throw refused;
  };
}

function outgoing(path: string, options: GrpcClientOptions, call: CallOptions): Metadata {
  const metadata = options.metadata?.(path) ?? new Metadata();
  if (call.metadata !== undefined) metadata.merge(call.metadata);
  return metadata;
}

function deadline({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}
