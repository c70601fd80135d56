import type { Connection, Network } from "../world/network.ts";
import { SimulatedResponse } from "../world/simulated-response.ts";
import type { World } from "../world/world.ts";

/** Answers one request. */
export type HttpHandler = (url: string, headers: Readonly<Record<string, string>>, response: SimulatedResponse) => void;

/** Who serves plain HTTP where. */
export type HttpNetwork = Network<HttpHandler>;

/** Makes a `fetch` over the simulated network. */
export function createSimulatedFetch(network: HttpNetwork, line: string): typeof globalThis.fetch {
  return (input, init) =>
    new Exchange(network, line, new URL(String(input)), new Headers(init?.headers), init?.signal ?? undefined).response;
}

/** One request and its answer, at the reader's end. */
class Exchange {
  readonly response: Promise<Response>;
  readonly #world: World;
  readonly #head = Promise.withResolvers<Response>();
  readonly #signal: AbortSignal | undefined;
  #connection: Connection | undefined;
  #served: SimulatedResponse | undefined;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #untaken = 0;
  #over = false;

  constructor(network: HttpNetwork, line: string, url: URL, headers: Headers, signal: AbortSignal | undefined) {
    this.#world = network.world;
    this.response = this.#head.promise;
    this.#signal = signal;
    const opened = signal?.aborted ? undefined : network.open(url.host, line);
    if (opened === undefined) {
      this.#world.after(network.latencyMs(), this.#world.current, () => this.#finish(new TypeError("fetch failed")));
      return;
    }
    const { connection, served } = opened;
    this.#connection = connection;
    signal?.addEventListener("abort", this.#onAbort);
    connection.onBroken("client", () => this.#break());
    connection.send("server", () => {
      this.#served = new SimulatedResponse(network.world, connection, {
        head: (status, given) => this.#begin(status, given),
        bytes: (piece) => this.#take(piece),
        end: () => this.#finish(undefined),
        broken: () => this.#finish(new TypeError("terminated")),
      });
      served(`${url.pathname}${url.search}`, Object.fromEntries(headers), this.#served);
    });
  }

  readonly #onAbort = () => this.#leave(this.#signal?.reason);

  /** Wants nothing more. */
  #leave(reason: unknown): void {
    this.#connection?.send("server", () => this.#served?.left());
    this.#finish(reason);
  }

  /** Some middle boxes end a broken answer as if it were whole. */
  #break(): void {
    this.#finish(this.#body !== undefined && this.#world.random.chance(0.3) ? undefined : new TypeError("terminated"));
  }

  #finish(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection?.close();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    if (error === undefined) {
      this.#body?.close();
    } else {
      this.#head.reject(error);
      this.#body?.error(error);
    }
  }

  #begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#over) return;
    if (status === 204) {
      this.#head.resolve(new Response(null, { status }));
      this.#finish(undefined);
      return;
    }
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        // Asked whenever the reader has taken what there was: only then is there room for more.
        pull: () => this.#giveRoom(),
        cancel: () => this.#leave(undefined),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 512 }),
    );
    this.#head.resolve(new Response(body, { status, headers }));
  }

  #take(piece: Uint8Array): void {
    if (this.#over) return;
    this.#untaken += piece.length;
    this.#body?.enqueue(piece);
  }

  #giveRoom(): void {
    const taken = this.#untaken;
    if (taken === 0) return;
    this.#untaken = 0;
    this.#connection?.send("server", () => this.#served?.taken(taken));
  }
}
