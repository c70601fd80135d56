import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import { wireContract } from "@clew/streams/wire-contract";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { resetStream } from "./reset-stream.ts";
import type { CallContext, Implementation, MethodDescription, ServiceDescription } from "./service.ts";
import { toStatus } from "./status.ts";
import { writeAll } from "./write-all.ts";

/** A service that a server can serve. */
export interface ServedService {
  readonly description: ServiceDescription;
  readonly implementation: Readonly<Record<string, (input: never, context: CallContext) => unknown>>;
}

/** Pairs a service's description with what implements it, checked by type. */
export function implement<S extends ServiceDescription>(description: S, implementation: Implementation<S>): ServedService {
  return { description, implementation };
}

/** What a gRPC server serves, and to whom. */
export interface GrpcServerOptions {
  /** `host:port` (port 0: any free one) or `unix:/path`. */
  readonly address: string;
  readonly services: readonly ServedService[];
  /** Throws a Fault where the caller may not call; runs before each call. */
  readonly authorize?: (context: CallContext) => void | Promise<void>;
  /** Told of each call as it begins, before anything else; what it answers is told once how that ended, with nothing where it went well. */
  readonly observe?: (context: CallContext, request: unknown) => (fault: Fault | undefined) => void;
  /** Told of each error that is not a Fault. */
  readonly onUnexpected?: (error: unknown, path: string) => void;
  /** Adds services of other packages, such as health and reflection. */
  readonly extend?: (server: Server) => void;
  /** Milliseconds a stream's reader may take nothing before it is disconnected; 20,000 unless given. */
  readonly stallMs?: number;
  /** The largest request that is a message of its own, in bytes; as large as any message unless given. */
  readonly maxRequestBytes?: number;
}

/** A running gRPC server. Disposing it ends open calls with SHUTTING_DOWN, then closes its port. */
export interface GrpcServer extends AsyncDisposable {
  /** The port it listens on; 0 for a Unix socket. */
  readonly port: number;
}

type AnyCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerReadableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

const closeMs = 2_000;

/** Starts a gRPC server. Rejects when its address cannot be bound. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const closing = new AbortController();
  const server = new Server({
    "grpc.max_receive_message_length": wireContract.maxMessageBytes,
    "grpc.max_send_message_length": wireContract.maxMessageBytes,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.http2.min_ping_interval_without_data_ms": wireContract.leastPingIntervalMs,
  });
  for (const { description, implementation } of options.services) {
    const handlers: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(description)) {
      const handler = implementation[name];
      if (handler !== undefined) handlers[name] = serveMethod(method, handler, options, closing.signal);
    }
    server.addService(asServed(description, options.maxRequestBytes) as unknown as ServiceDefinition, handlers);
  }
  options.extend?.(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      closing.abort(new Fault("SHUTTING_DOWN"));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), closeMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}

/** Stands in the place of a request that is not to be had: what grpc-js itself says of one has no reason. */
class Refused {
  readonly fault: Fault;

  constructor(fault: Fault) {
    this.fault = fault;
  }
}

/**
 * Streams are encoded here rather than by grpc-js, so that what waits for a reader can be counted in bytes; a request that is too
 * large is not decoded.
 */
function asServed(description: ServiceDescription, maxRequestBytes = Number.POSITIVE_INFINITY): ServiceDescription {
  const served = (method: MethodDescription): MethodDescription => {
    const read = (bytes: Buffer) => {
      try {
        return method.requestDeserialize(bytes);
      } catch (cause) {
        return new Refused(new Fault("INVALID_REQUEST", { message: "The bytes are no message of this call.", cause }));
      }
    };
    const decode = (bytes: Buffer) => (bytes.byteLength > maxRequestBytes ? new Refused(new Fault("BODY_TOO_LARGE")) : read(bytes));
    return {
      ...method,
      requestDeserialize: method.requestStream ? read : decode,
      responseSerialize: method.responseStream ? (encoded: Buffer) => encoded : method.responseSerialize,
    } as MethodDescription;
  };
  return Object.fromEntries(Object.entries(description).map(([name, method]) => [name, served(method)]));
}

/** Passes requests on as they come. @throws the Fault of one that is not to be had, when it is read. */
async function* readAll(requests: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const request of requests) {
    if (request instanceof Refused) throw request.fault;
    yield request;
  }
}

async function* encodeAll(values: AsyncIterable<never>, encode: (value: never) => Buffer): AsyncGenerator<Buffer> {
  for await (const value of values) yield encode(value);
}

function serveMethod(
  method: MethodDescription,
  handler: (input: never, context: CallContext) => unknown,
  options: GrpcServerOptions,
  closing: AbortSignal,
): UntypedServiceImplementation[string] {
  const run = async (call: AnyCall, answer: (value: unknown) => Promise<void>, fail: (fault: Fault) => void) => {
    using link = linkSignals(closing);
    // Each kind of call types its events apart; all of them emit this one.
    (call as ServerUnaryCall<unknown, unknown>).on("cancelled", () => link.abort(new Fault("CANCELLED")));
    const headers = new Metadata();
    let headersSent = false;
    const sendHeaders = () => {
      if (!headersSent) call.sendMetadata(headers);
      headersSent = true;
    };
    const context: CallContext = {
      path: method.path,
      signal: link.signal,
      metadata: call.metadata,
      setHeader: (name, value) => headers.set(name, value),
    };
    const input = method.requestStream
      ? readAll(call as ServerReadableStream<unknown, unknown>)
      : (call as ServerUnaryCall<unknown, unknown>).request;
    const ended = options.observe?.(context, input);
    try {
      await options.authorize?.(context);
      if (input instanceof Refused) throw input.fault;
      const output = handler(input as never, context);
      sendHeaders();
      await answer(output);
      ended?.(undefined);
    } catch (error) {
      const fault = link.signal.aborted && !(error instanceof Fault) ? Fault.from(link.signal.reason) : Fault.from(error);
      if (fault.reason === "INTERNAL") options.onUnexpected?.(fault.cause ?? fault, method.path);
      sendHeaders();
      fail(fault);
      ended?.(fault);
    }
  };
  if (method.responseStream) {
    return (call: ServerWritableStream<unknown, unknown>) => {
      void run(
        call,
        async (output) => {
          await writeAll(call, encodeAll(output as AsyncIterable<never>, method.responseSerialize), options.stallMs ?? 20_000);
          call.end();
        },
        (fault) => {
          // grpc-js sends an error's code, details and metadata as the call's status.
          call.emit("error", toStatus(fault));
          // A status waits behind what was written, and so for the reader: one that takes nothing would keep its stream for ever.
          if (fault.reason === "STALLED") resetStream(call);
        },
      );
    };
  }
  const answerOnce = (call: AnyCall, callback: sendUnaryData<unknown>) => {
    void run(
      call,
      async (output) => callback(null, await output),
      (fault) => callback(toStatus(fault)),
    );
  };
  if (method.requestStream)
    return (call: ServerReadableStream<unknown, unknown>, callback: sendUnaryData<unknown>) => answerOnce(call, callback);
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => answerOnce(call, callback);
}
