import type { Logger } from "@clew/process/logger";
import { delay } from "@clew/streams/delay";
import { expireArtifacts } from "../artifacts/expired-artifacts.ts";
import type { Registry } from "../registry/registry.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";
import type { Runs } from "../supervisor/runs.ts";
import type { Volume } from "../volume/volume.ts";
import { type Retention, removedBefore } from "./retention.ts";

/** What sweeping needs. */
export interface SweeperOptions {
  readonly retention: Retention;
  readonly registry: Pick<Registry, "tenants" | "endedBefore" | "noteArtifactsGone">;
  readonly runs: Pick<Runs, "expire">;
  readonly volume: Pick<Volume, "runFolder">;
  readonly logger: Logger;
  /** Milliseconds between two rounds that found little to do; a minute unless given. */
  readonly everyMs?: number;
  /** Tells the time in milliseconds since 1970. */
  readonly now?: () => number;
}

/** Runs that one round takes up of a tenant and a class: a round is short, whatever has gathered. */
const runsARound = 20;
const busyMs = 500;

/** Removes, in the background, what has been kept as long as it is to be: first the artifacts of a run, later the run. One that is not over is never touched. */
export class Sweeper implements AsyncDisposable {
  readonly #options: SweeperOptions;
  readonly #ending = new AbortController();
  readonly #sweeping: Promise<void>;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#sweeping = this.#sweep(this.#ending.signal);
  }

  /** Ends after the run it is at. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#sweeping;
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { everyMs = 60_000, logger } = this.#options;
    while (!signal.aborted) {
      const hasMore = await this.#round(signal).catch((error: unknown) => {
        logger.error({ error }, "retention could not look for what is to be removed");
        return false;
      });
      await delay(hasMore ? busyMs : everyMs, { signal }).catch(() => {});
    }
  }

  /** Removes a bounded number of things. Answers whether there may be more. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { registry, runs, volume, retention, now = Date.now } = this.#options;
    let hasMore = false;
    for (const tenant of registry.tenants()) {
      const before = removedBefore(retention, tenant, now());
      const gone = await this.#each(
        registry.endedBefore(tenant, before.run, { limit: runsARound, withArtifacts: false }),
        signal,
        (runId) => runs.expire(runId),
      );
      const old = registry.endedBefore(tenant, before.artifacts, { limit: runsARound, withArtifacts: true });
      const emptied = await this.#each(old, signal, async (runId) => {
        await expireArtifacts(volume.runFolder(runId));
        registry.noteArtifactsGone(runId);
      });
      hasMore ||= gone === runsARound || emptied === runsARound;
    }
    return hasMore;
  }

  /** Does something to each run. Answers how many it was done to; what fails is tried again in a later round. */
  async #each(runIds: readonly string[], signal: AbortSignal, remove: (runId: RunId) => Promise<void>): Promise<number> {
    let done = 0;
    for (const runId of runIds.filter(isRunId)) {
      if (signal.aborted) break;
      try {
        await remove(runId);
        done += 1;
      } catch (error) {
        this.#options.logger.error({ run: runId, error }, "what was kept long enough could not be removed");
      }
    }
    return done;
  }
}
