import type { Logger } from "@clew/process/logger";
import { delay } from "@clew/streams/delay";
import type { Registry } from "../registry/registry.ts";
import type { RunFold } from "../runs/run.ts";

const retryMs = 1_000;

/** Writes what changes in runs to the index. What that does not take, as on a full disk, is written later: the journal has it. */
export class RunRows {
  readonly #registry: Registry;
  readonly #logger: Logger;
  readonly #behind = new Set<string>();

  constructor(registry: Registry, logger: Logger) {
    this.#registry = registry;
    this.#logger = logger;
  }

  /** Writes a run's row where its state or its files changed; what else is new of a live run is in memory. Never throws. */
  note(fold: RunFold, before: RunFold | undefined): void {
    if (before?.run.state === fold.run.state && before.artifacts.length === fold.artifacts.length) return;
    try {
      this.#registry.write(fold);
      this.#behind.delete(fold.run.id);
    } catch (error) {
      this.#behind.add(fold.run.id);
      this.#logger.error({ run: fold.run.id, error }, "run was not indexed");
    }
  }

  /** Resolves once a run's row is as new as `fold`, which nothing follows; rejects when the signal aborts. */
  async settle(fold: RunFold, signal: AbortSignal): Promise<void> {
    while (this.#behind.has(fold.run.id)) {
      await delay(retryMs, { signal });
      this.note(fold, undefined);
    }
  }
}
