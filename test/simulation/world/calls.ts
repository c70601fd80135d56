import { Fault } from "@clew/fault/fault";
import type { ServedService } from "@clew/grpc/server";
import type { CallContext, GrpcClient, MethodDescription, ServiceDescription } from "@clew/grpc/service";
import { Metadata } from "@grpc/grpc-js";
import type { Connection, Network } from "./network.ts";

/** How a call ended badly: with what the other side said, or without a word of it. */
export class CallBroken extends Error {
  /** What the other side said; undefined where the connection was lost. */
  readonly said: Fault | undefined;

  constructor(said?: Fault) {
    super("the call broke");
    this.said = said;
  }
}

/** Whether the machine's services answer over simulated gRPC: messages are encoded, arrive in order, and wait for their reader. */
export type CallNetwork = Network<readonly ServedService[]>;

/** How many messages of a stream may be under way to their reader. */
const window = 4;

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Calls a method, and yields what comes as bytes. Leaving the loop ends the call. @throws CallBroken; the signal's reason. */
export async function* call(
  network: CallNetwork,
  target: { readonly address: string; readonly line: string; readonly path: string },
  request: Uint8Array,
  { signal, timeoutMs }: Options,
): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  const arrived: Uint8Array[] = [];
  let ended: { readonly error: unknown } | "well" | undefined;
  let wake = () => {};
  const finish = (how: NonNullable<typeof ended>) => {
    ended ??= how;
    wake();
  };
  const opened = network.open(target.address, target.line);
  const { world } = network;
  if (opened === undefined) world.after(network.latencyMs(), world.current, () => finish({ error: new CallBroken() }));
  const connection = opened?.connection;
  const answers = new Answers(network, connection, {
    message: (bytes) => {
      arrived.push(bytes);
      wake();
    },
    end: () => finish("well"),
    fault: (fault) => finish({ error: new CallBroken(fault) }),
  });
  connection?.onBroken("client", () => finish({ error: new CallBroken() }));
  if (opened !== undefined) opened.connection.send("server", () => answers.serve(opened.served, target.path, request));
  const onAbort = () => finish({ error: signal?.reason });
  signal?.addEventListener("abort", onAbort);
  const late =
    timeoutMs === undefined
      ? undefined
      : world.after(timeoutMs, world.current, () => finish({ error: new CallBroken(new Fault("DEADLINE_EXCEEDED")) }));
  try {
    for (;;) {
      const next = arrived.shift();
      if (next !== undefined) {
        answers.taken();
        yield next;
      } else if (ended === "well") {
        return;
      } else if (ended !== undefined) {
        throw ended.error;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (late !== undefined) late.pending = false;
    answers.leave();
  }
}

interface Client {
  readonly message: (bytes: Uint8Array) => void;
  readonly end: () => void;
  readonly fault: (fault: Fault) => void;
}

/** The serving side of one call. */
class Answers {
  readonly #network: CallNetwork;
  readonly #connection: Connection | undefined;
  readonly #client: Client;
  readonly #controller = new AbortController();
  #room = window;
  #whenRoom = () => {};

  constructor(network: CallNetwork, connection: Connection | undefined, client: Client) {
    this.#network = network;
    this.#connection = connection;
    this.#client = client;
    connection?.onBroken("server", () => this.#cancel());
  }

  /** At the client: has taken a message. */
  taken(): void {
    this.#connection?.send("server", () => {
      this.#room += 1;
      this.#whenRoom();
    });
  }

  /** At the client: wants nothing more. */
  leave(): void {
    this.#connection?.send("server", () => this.#cancel());
    this.#connection?.close();
  }

  /** At the server: answers. */
  serve(services: readonly ServedService[], path: string, request: Uint8Array): void {
    const { signal } = this.#controller;
    const found = findMethod(services, path);
    if (found === undefined) {
      this.#fail(new Fault("NOT_IMPLEMENTED"));
      return;
    }
    const { method, handler } = found;
    const context: CallContext = { path, signal, metadata: new Metadata(), setHeader() {} };
    const encode = method.responseSerialize as (value: unknown) => Buffer;
    void (async () => {
      try {
        const output = handler(method.requestDeserialize(Buffer.from(request)) as never, context);
        if (!method.responseStream) {
          const bytes = encode(await output);
          this.#send(() => this.#client.message(bytes));
        } else {
          for await (const value of output as AsyncIterable<unknown>) {
            const bytes = encode(value);
            while (this.#room === 0 && !signal.aborted) await this.#untilRoom();
            if (signal.aborted) return;
            this.#room -= 1;
            this.#send(() => this.#client.message(bytes));
          }
        }
        this.#send(() => this.#client.end());
      } catch (error) {
        if (signal.aborted) return;
        const fault = Fault.from(error);
        if (fault.reason === "INTERNAL") this.#network.onUnexpected(fault.cause ?? fault, path);
        this.#fail(fault);
      }
    })();
  }

  #untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenRoom = resolve;
    });
  }

  #cancel(): void {
    this.#controller.abort(new Fault("CANCELLED"));
    this.#whenRoom();
  }

  #fail(fault: Fault): void {
    const { reason, message, details, violations, retryAfterMs } = fault;
    this.#send(() =>
      this.#client.fault(new Fault(reason, { message, details, violations, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })),
    );
  }

  #send(arrive: () => void): void {
    this.#connection?.send("client", arrive);
  }
}

function findMethod(services: readonly ServedService[], path: string) {
  for (const { description, implementation } of services) {
    for (const [name, method] of Object.entries(description)) {
      const handler = implementation[name];
      if (method.path === path && handler !== undefined) return { method, handler };
    }
  }
  return undefined;
}

/** Makes a client as `@clew/grpc` does, over the simulated network. */
export function connectSimulated<S extends ServiceDescription>(
  network: CallNetwork,
  service: S,
  address: string,
  line: string,
): GrpcClient<S> {
  const closing = new AbortController();
  const methods = Object.entries(service).map(([name, method]) => [name, clientMethod(network, method, { address, line }, closing.signal)]);
  const client = { ...Object.fromEntries(methods), [Symbol.dispose]: () => closing.abort(new Fault("CANCELLED")) };
  return client as unknown as GrpcClient<S>;
}

function clientMethod(
  network: CallNetwork,
  method: MethodDescription,
  { address, line }: { readonly address: string; readonly line: string },
  closing: AbortSignal,
) {
  const encode = method.requestSerialize as (value: unknown) => Buffer;
  const { responseDeserialize: decode, path } = method;
  async function* stream(request: unknown, { signal, timeoutMs }: Options = {}): AsyncGenerator<unknown, void> {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.aborted ? signal.reason : closing.reason);
    for (const source of [signal, closing]) source?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted || closing.aborted) abort();
    try {
      for await (const bytes of call(network, { address, line, path }, encode(request), { signal: controller.signal, timeoutMs }))
        yield decode(Buffer.from(bytes));
    } catch (error) {
      throw error instanceof CallBroken ? (error.said ?? new Fault("SANDBOX_UNREACHABLE", { cause: error })) : error;
    } finally {
      for (const source of [signal, closing]) source?.removeEventListener("abort", abort);
    }
  }
  if (method.responseStream) return stream;
  return async (request: unknown, options?: Options) => {
    for await (const value of stream(request, options)) return value;
    throw new Fault("INTERNAL");
  };
}
