import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import type { Logger } from "@clew/process/logger";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";

/** A service of Clew's own that is elsewhere, as the operator names it: a gateway on another machine, or what stands before it. */
export interface OwnAddress {
  readonly host: string;
  readonly port: number;
}

/** How often names are looked up, in milliseconds, and how long one look-up may take. */
const lookMs = 30_000;
const answerMs = 5_000;

/** What is needed to know where Clew's other services are. */
export interface OwnAddressesOptions {
  readonly addresses: readonly OwnAddress[];
  readonly log: Pick<Logger, "warn">;
  /** Answers all addresses of a name; the system's resolver unless given. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly lookMs?: number;
}

/**
 * Where Clew's other services are, so that no run reaches them: by the names they have, and by every address those lead to. Names are looked up at the
 * start and twice a minute; one that cannot be keeps the addresses it had. Dispose it to look no more.
 */
export class OwnAddresses implements AsyncDisposable {
  readonly #options: OwnAddressesOptions;
  readonly #found = new Map<string, readonly string[]>();
  /** Names that could not be looked up the last time. */
  readonly #unknown = new Set<string>();
  readonly #ending = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  private constructor(options: OwnAddressesOptions) {
    this.#options = options;
  }

  /** Looks the names up, and begins to do so again and again. */
  static async open(options: OwnAddressesOptions): Promise<OwnAddresses> {
    const own = new OwnAddresses(options);
    await own.#look();
    if (options.addresses.some(({ host }) => isIP(host) === 0)) own.#looking = own.#keepLooking().catch(() => {});
    return own;
  }

  /** What no run reaches, as it is known now. */
  get forbidden(): readonly ForbiddenAddress[] {
    return this.#options.addresses.flatMap(({ host, port }) =>
      [host, ...(this.#found.get(host) ?? [])].map((network): ForbiddenAddress => ({ network, port, rule: "own_service" })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#looking;
  }

  async #keepLooking(): Promise<never> {
    for (;;) {
      await delay(this.#options.lookMs ?? lookMs, { signal: this.#ending.signal });
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { addresses, log, resolve = resolveAll } = this.#options;
    const names = new Set(addresses.flatMap(({ host }) => (isIP(host) === 0 ? [host] : [])));
    const look = async (name: string) => {
      try {
        this.#found.set(name, await abortable(resolve(name), this.#ending.signal));
        this.#unknown.delete(name);
      } catch (error) {
        if (this.#ending.signal.aborted || this.#unknown.has(name)) return;
        this.#unknown.add(name);
        log.warn({ err: error, name }, "a name of CLEW_OWN_ADDRESSES could not be looked up");
      }
    };
    await Promise.all([...names].map(look));
  }
}

async function resolveAll(name: string): Promise<readonly string[]> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("There was no answer in time.")), answerMs);
  try {
    return (await Promise.race([lookup(name, { all: true }), late])).map(({ address }) => address);
  } finally {
    clearTimeout(timer);
  }
}
