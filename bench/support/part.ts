import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { withoutSettings } from "../../scripts/services.ts";
import { type Core, pin } from "./cores.ts";
import type { Handlers } from "./serve-part.ts";

/** A process of a benchmark, on a core of its own, that does what it is asked. Dispose it: it is killed. */
export class Part<H extends Handlers> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    });
    child.once("exit", () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error("A part of the benchmark ended."));
    });
  }

  /** Starts the file, which calls `servePart`, and holds it on its core. */
  static async start<H extends Handlers>(file: URL, core: Core, args: readonly string[] = []): Promise<Part<H>> {
    const child = fork(fileURLToPath(file), args, { env: withoutSettings(process.env) });
    const [ready] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (ready !== "ready") throw new Error(`${file.pathname} ended at its start.`);
    await pin(child.pid ?? 0, core);
    return new Part<H>(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Has the part do something; rejects where it could not, when it ends, or with the signal's reason. */
  async ask<N extends keyof H & string>(name: N, argument: Parameters<H[N]>[0], signal?: AbortSignal): Promise<Awaited<ReturnType<H[N]>>> {
    this.#asked += 1;
    const waiting = Promise.withResolvers<unknown>();
    const abort = () => waiting.reject(signal?.reason);
    this.#waiting.set(this.#asked, waiting);
    signal?.addEventListener("abort", abort);
    this.#child.send({ id: this.#asked, name, argument });
    try {
      return (await waiting.promise) as Awaited<ReturnType<H[N]>>;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
