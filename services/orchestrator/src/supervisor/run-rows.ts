import type { Logger } from "@clew/process/logger";
import { delay } from "@clew/streams/delay";
import type { Registry } from "../registry/registry.ts";
import type { RunFold } from "../runs/run.ts";

const retryMs = 1_000;

/** Writes what changes in runs to the index. What that does not take, as on a full disk, is written later: the journal has it. */
export class RunRows implements Disposable {
  readonly #registry: Pick<Registry, "write" | "remove">;
  readonly #logger: Logger;
  /** The last that is to be written of each run that the index is behind with. */
  readonly #behind = new Map<string, () => void>();
  #retrying: NodeJS.Timeout | undefined;

  constructor(registry: Pick<Registry, "write" | "remove">, logger: Logger) {
    this.#registry = registry;
    this.#logger = logger;
  }

  /** Writes a run's row where its state or its files changed; what else is new of a live run is in memory. Never throws. */
  note(fold: RunFold, before: RunFold | undefined): void {
    if (before?.run.state === fold.run.state && before.artifacts.length === fold.artifacts.length) return;
    this.#write(fold.run.id, () => this.#registry.write(fold));
  }

  /** Removes a run's row. Never throws. */
  remove(runId: string): void {
    this.#write(runId, () => this.#registry.remove(runId));
  }

  /** Resolves once the index has what was last noted of a run; rejects when the signal aborts. */
  async settle(runId: string, signal: AbortSignal): Promise<void> {
    while (this.#behind.has(runId)) await delay(retryMs, { signal });
  }

  /** Tries no more: what the index is behind with, the next orchestrator finds in the journals. */
  [Symbol.dispose](): void {
    clearInterval(this.#retrying);
  }

  #write(runId: string, write: () => void): void {
    try {
      write();
      this.#behind.delete(runId);
    } catch (error) {
      if (!this.#behind.has(runId)) this.#logger.error({ run: runId, error }, "run was not indexed");
      this.#behind.set(runId, write);
      this.#retrying ??= setInterval(() => this.#catchUp(), retryMs);
    }
  }

  #catchUp(): void {
    for (const [runId, write] of this.#behind) this.#write(runId, write);
    if (this.#behind.size > 0) return;
    clearInterval(this.#retrying);
    this.#retrying = undefined;
  }
}
