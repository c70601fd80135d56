import type { Logger } from "@clew/process/logger";
import { delay } from "@clew/streams/delay";
import { expireArtifacts } from "../artifacts/expired-artifacts.ts";
import type { Uploads } from "../files/uploads.ts";
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
  readonly uploads?: Pick<Uploads, "sweep">;
  readonly logger: Logger;
  /** Milliseconds between two rounds that found little to do; a minute unless given. */
  readonly everyMs?: number;
  /** Tells the time in milliseconds since 1970. */
  readonly now?: () => number;
}

/** Runs that one round takes up of a tenant and a class: a round is short, whatever has gathered. */
const runsARound = 20;
const busyMs = 500;

/** Removes, in the background, what has been kept as long as it is to be: files that no run took up, the artifacts of a run, and later the run. One that is not over is never touched. */
export class Sweeper implements AsyncDisposable {
  readonly #options: SweeperOptions;
  readonly #ending = new AbortController();
  /** Runs of a tenant and a class that could not be removed since its first was last taken up: they are passed over until all others are done. */
  readonly #stuck = new Map<string, number>();
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
    await this.#options.uploads?.sweep();
    for (const tenant of registry.tenants()) {
      const before = removedBefore(retention, tenant, now());
      const removed = await this.#each(tenant, before.run, false, signal, (runId) => runs.expire(runId));
      const emptied = await this.#each(tenant, before.artifacts, true, signal, async (runId) => {
        await expireArtifacts(volume.runFolder(runId));
        registry.noteArtifactsGone(runId);
      });
      hasMore ||= removed || emptied;
    }
    return hasMore;
  }

  /** Takes up the next runs of a tenant and a class. Answers whether there may be more; what fails is tried again once all others were. */
  async #each(
    tenant: string,
    timeMs: number,
    withArtifacts: boolean,
    signal: AbortSignal,
    remove: (runId: RunId) => Promise<void>,
  ): Promise<boolean> {
    const key = `${withArtifacts} ${tenant}`;
    const skip = this.#stuck.get(key) ?? 0;
    const runIds = this.#options.registry.endedBefore(tenant, timeMs, { skip, limit: runsARound, withArtifacts });
    let failed = 0;
    for (const runId of runIds.filter(isRunId)) {
      if (signal.aborted) break;
      try {
        await remove(runId);
      } catch (error) {
        failed += 1;
        this.#options.logger.error({ run: runId, error }, "what was kept long enough could not be removed");
      }
    }
    const hasMore = runIds.length === runsARound;
    this.#stuck.set(key, hasMore ? skip + failed : 0);
    return hasMore;
  }
}
