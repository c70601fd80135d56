import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { type ServiceProcess, ServiceStartError } from "./service-process.ts";

/** How a service is kept running. */
export interface Supervision {
  /** Starts it at an address; `signal` gives the start up. */
  readonly start: (address: string, signal: AbortSignal) => Promise<ServiceProcess>;
  /** Where it is to listen; the port that was free where it asks for any is kept from then on. */
  readonly address: string;
  /** Gives up the first start. */
  readonly signal?: AbortSignal | undefined;
  /** Told in a sentence of each end and each new start. */
  readonly onTrouble?: ((sentence: string) => void) | undefined;
  /** Milliseconds after which a process that ends had been well; 60,000 unless given. */
  readonly wellMs?: number;
  /** The longest first wait before a new start, in milliseconds; 500 unless given. */
  readonly backoffMs?: number;
}

/** Ends in a row, none after a time of being well, after which it is given up. */
const mostEnds = 5;

/** A service that is started again at its address whenever it ends by itself, until it does so too often. Dispose stops it. */
export class SupervisedService implements AsyncDisposable {
  readonly name: string;
  /** Where it listens: `host:port`. */
  readonly address: string;
  /** Resolves when no process is left and none will be started. */
  readonly ended: Promise<"stopped" | "given up">;
  readonly #supervision: Supervision;
  readonly #stopping = new AbortController();
  readonly #killing = new AbortController();
  #stopSignal: "SIGTERM" | "SIGINT" = "SIGTERM";
  #process: ServiceProcess;

  private constructor(process: ServiceProcess, supervision: Supervision) {
    this.name = process.name;
    this.address = process.address;
    this.#process = process;
    this.#supervision = supervision;
    this.ended = this.#keepRunning(process);
  }

  /**
   * Starts the service and waits until it listens.
   *
   * @throws ServiceStartError where that fails: only what once ran is started again.
   */
  static async start(supervision: Supervision): Promise<SupervisedService> {
    const { start, address, signal = new AbortController().signal } = supervision;
    return new SupervisedService(await start(address, signal), supervision);
  }

  /** Asks it to end, for good, and kills it after `timeoutMs`; resolves when it is gone. */
  async stop(signal: "SIGTERM" | "SIGINT" = "SIGTERM", timeoutMs = 20_000): Promise<void> {
    this.#stopSignal = signal;
    this.#stopping.abort();
    await this.#process.stop(signal, timeoutMs);
    await this.ended;
  }

  /** Kills it at once, for good. */
  kill(): void {
    this.#stopping.abort();
    this.#killing.abort();
    this.#process.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #keepRunning(first: ServiceProcess): Promise<"stopped" | "given up"> {
    const { wellMs = 60_000, backoffMs = 500 } = this.#supervision;
    const { signal } = this.#stopping;
    const backoff = createBackoff({ initialMs: backoffMs, maxMs: 16 * backoffMs });
    let running: ServiceProcess | undefined = first;
    for (let ends = 1; ; ends += 1) {
      const wasWell: boolean = running !== undefined && (await this.#untilEnd(running)) >= wellMs;
      if (signal.aborted) return "stopped";
      if (wasWell) {
        ends = 1;
        backoff.reset();
      }
      if (ends === mostEnds) return "given up";
      await delay(backoff.next(), { signal }).catch(() => {});
      if (signal.aborted) return "stopped";
      running = await this.#startAgain();
    }
  }

  /** Answers how many milliseconds it ran. */
  async #untilEnd(running: ServiceProcess): Promise<number> {
    const began = performance.now();
    const { code, signal } = await running.exited;
    if (!this.#stopping.signal.aborted) this.#say(`The ${this.name} ended by itself (${signal ?? `exit code ${code}`}).`);
    return performance.now() - began;
  }

  /** Answers undefined where that fails, and has said why. */
  async #startAgain(): Promise<ServiceProcess | undefined> {
    try {
      this.#process = await this.#supervision.start(this.address, this.#killing.signal);
    } catch (error) {
      if (!(error instanceof ServiceStartError)) throw error;
      this.#say(error.message);
      return undefined;
    }
    // Who asked it to stop meanwhile could only ask the process before this one.
    if (this.#stopping.signal.aborted) await this.#process.stop(this.#stopSignal);
    else this.#say(`The ${this.name} runs again on ${this.address}.`);
    return this.#process;
  }

  #say(sentence: string): void {
    this.#supervision.onTrouble?.(sentence);
  }
}
