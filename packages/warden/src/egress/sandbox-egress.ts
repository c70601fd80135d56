import { rename, writeFile } from "node:fs/promises";
import type { EgressDenial, EgressPolicy } from "@clew/egress/egress-policy";
import type { EventPayload } from "./denial-events.ts";
import { DenialEvents } from "./denial-events.ts";
import { EgressGate } from "./egress-gate.ts";
import { type EgressEntry, EgressLedger } from "./egress-ledger.ts";
import { type EgressProxy, startEgressProxy } from "./egress-proxy.ts";
import { type ResolveHost, rememberAnswers, resolveHost } from "./resolve-host.ts";

/** Where a sandbox's way out begins, and who hears of it. */
export interface SandboxEgressOptions {
  /** The Unix socket that leads out. */
  readonly socketPath: string;
  /** The system's resolver unless given. */
  readonly resolve?: ResolveHost;
  /** Says what happened. */
  readonly say: (summary: string, payload: EventPayload) => void;
  /** Names the file that the record is kept in while it grows, for when nobody is left to write it; none unless given. */
  readonly recordFile?: () => string;
  /** Hears why it could not be written. */
  readonly onUnwritten?: (error: unknown) => void;
}

/** Milliseconds within which what is new stands in the record. */
const recordMs = 1_000;

/** The way out of one sandbox: closed to everything until it has a policy. Disposing it ends every connection; what went over them stays known. */
export class SandboxEgress implements AsyncDisposable {
  readonly #gate: EgressGate;
  readonly #ledger: EgressLedger;
  readonly #events: DenialEvents;
  readonly #proxy: EgressProxy;
  readonly #recording: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #recorded = "";
  #isComplete = false;

  private constructor(
    { gate, ledger, events, proxy }: { gate: EgressGate; ledger: EgressLedger; events: DenialEvents; proxy: EgressProxy },
    { recordFile, onUnwritten }: SandboxEgressOptions,
  ) {
    this.#gate = gate;
    this.#ledger = ledger;
    this.#events = events;
    this.#proxy = proxy;
    if (recordFile === undefined) return;
    const keep = () => {
      if (!this.#isComplete && this.#ledger.entries.length > 0) this.#write(recordFile(), false).catch((error) => onUnwritten?.(error));
    };
    this.#recording = setInterval(keep, recordMs).unref();
  }

  /** Opens the way out. Rejects when the socket cannot be bound. */
  static async open(options: SandboxEgressOptions): Promise<SandboxEgress> {
    const { socketPath, resolve = resolveHost, say } = options;
    const gate = new EgressGate(rememberAnswers(resolve));
    const ledger = new EgressLedger();
    // Of what asks while nothing is let out there is nobody to tell: it waits, or its run is over. The record has it.
    const events = new DenialEvents((summary, payload) => {
      if (gate.policy !== undefined) say(summary, payload);
    });
    const onDenied = (entry: Readonly<EgressEntry>, denial: EgressDenial) => events.tell(entry, denial);
    const proxy = await startEgressProxy({ socketPath, gate, ledger, onDenied });
    return new SandboxEgress({ gate, ledger, events, proxy }, options);
  }

  /** From now on the sandbox may go where the policy lets it. */
  follow(policy: EgressPolicy): void {
    this.#gate.policy = policy;
  }

  /** From now on nothing goes out, and what was open is cut. */
  close(): void {
    this.#gate.policy = undefined;
    this.#proxy.cut();
  }

  /** Begins the record of another run. */
  restart(): void {
    this.#isComplete = false;
    this.#recorded = "";
    this.#ledger.restart();
    this.#events.restart();
  }

  /** All bytes that went out and came in until now. */
  get bytes(): number {
    return this.#ledger.bytes;
  }

  /** How many connections were made, and how many were denied. */
  get counts(): { readonly connections: number; readonly denied: number } {
    const sum = (entries: readonly Readonly<EgressEntry>[]) => entries.reduce((all, { connections }) => all + connections, 0);
    const { entries } = this.#ledger;
    return { connections: sum(entries.filter(({ rule }) => rule === "")), denied: sum(entries.filter(({ rule }) => rule !== "")) };
  }

  /** Writes down all that was exchanged with whom, and denied, for whoever reads the run's record. Nothing is added until it begins anew. */
  async record(file: string): Promise<void> {
    this.#isComplete = true;
    await this.#write(file, true);
  }

  /** One after the other, each the whole file or not at all: whoever finds it may find no warden. */
  #write(file: string, isComplete: boolean): Promise<void> {
    const time = (ms: number) => new Date(ms).toISOString();
    const entries = this.#ledger.entries.map(({ firstTimeMs, lastTimeMs, ...entry }) => ({
      ...entry,
      firstTime: time(firstTimeMs),
      lastTime: time(lastTimeMs),
    }));
    const text = `${JSON.stringify({ complete: isComplete, entries }, undefined, 1)}\n`;
    if (text === this.#recorded) return this.#written;
    this.#recorded = text;
    const writing = this.#written.then(async () => {
      await writeFile(`${file}.new`, text, { mode: 0o600 });
      await rename(`${file}.new`, file);
    });
    this.#written = writing.catch(() => {
      this.#recorded = "";
    });
    return writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#recording);
    await this.#written;
    await this.#proxy[Symbol.asyncDispose]();
  }
}
