import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { connectSandbox, type SandboxConnection } from "./sandbox-connection.ts";
import type { SandboxProcess } from "./sandbox-provider.ts";

/** Milliseconds a warden has to answer; one that is not claimed by then is left. */
const callMs = 2_000;
const startingLookMs = 100;
const waitingLookMs = 5_000;

/**
 * A sandbox that is nobody's yet. While it waits, it is looked after: its warden and its agent end where nobody is there. Dispose it to let go of it; it goes on, and so do
 * its connections where they were handed over.
 */
export class WaitingSandbox implements AsyncDisposable {
  /** What it is known by, and what its channel's secret is derived from. */
  readonly name: string;
  readonly sandbox: SandboxProcess;
  /** The `performance.now()` of its start. */
  readonly sinceMs = performance.now();
  readonly #connection: SandboxConnection;
  readonly #leaving = linkSignals();
  readonly #attending: Promise<void>;
  #isReady = false;
  #isHandedOver = false;
  #isLost = false;
  #memoryBytes = 0;

  constructor(name: string, sandbox: SandboxProcess, secret: string) {
    this.name = name;
    this.sandbox = sandbox;
    this.#connection = connectSandbox(sandbox, secret);
    this.#attending = Promise.race([this.#attend(), this.#untilEnd("wardenEvents")]).catch(() => {
      this.#isLost = true;
    });
  }

  /** Whether its browser is there. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether it has ended, or does not answer. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Bytes of memory it was last seen to have; 0 while that is not known. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Has its warden take a claim. Rejects where it does not. */
  async claim(claim: object, signal: AbortSignal | undefined): Promise<void> {
    await this.#connection.warden.claimSandbox({ claim: JSON.stringify(claim) }, { timeoutMs: callMs, ...(signal && { signal }) });
  }

  /** Answers its connections, which are open by now, for whoever disposes them. */
  handOver(): SandboxConnection {
    this.#isHandedOver = true;
    return this.#connection;
  }

  /** Asks its warden to end it and what is left of it. Rejects where it does not. */
  async release(): Promise<void> {
    await this.#connection.warden.releaseSandbox({}, { timeoutMs: 4 * callMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort(new Fault("CANCELLED"));
    await this.#attending;
    this.#leaving[Symbol.dispose]();
    if (!this.#isHandedOver) await this.#connection[Symbol.asyncDispose]();
  }

  async #attend(): Promise<void> {
    const { signal } = this.#leaving;
    for (;;) {
      const { browser, memoryBytes, alive } = await this.#connection.warden.getSandbox({}, { signal, timeoutMs: callMs });
      if (!alive) throw new Fault("SANDBOX_LOST");
      this.#memoryBytes = memoryBytes;
      if (browser !== "" && !this.#isReady) {
        this.#isReady = true;
        // Its answer is that there is nothing; what calls the agent has a connection then.
        await this.#connection.agent.takeBrowserState({}, { signal, timeoutMs: callMs }).catch(() => {});
        this.#untilEnd("agentEvents").catch(() => {
          this.#isLost = true;
        });
      }
      await delay(this.#isReady ? waitingLookMs : startingLookMs, { signal });
    }
  }

  /** Follows what one of its producers says, which is nothing: the stream tells both sides that the other is there. */
  async #untilEnd(producer: "agentEvents" | "wardenEvents"): Promise<never> {
    const { signal } = this.#leaving;
    for await (const { frame } of this.#connection[producer].streamSandboxEvents({ after: 0 }, { signal }))
      if (frame?.$case === "end") break;
    throw new Fault("SANDBOX_LOST");
  }
}
