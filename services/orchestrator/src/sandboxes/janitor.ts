import type { Logger } from "@clew/process/logger";
import type { Registry } from "../registry/registry.ts";
import { isRunId } from "../runs/run-id.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { Volume } from "../volume/volume.ts";
import { clearEndedRuns } from "./clear-ended-runs.ts";
import { type ClearedLeftovers, clearLeftovers } from "./clear-leftovers.ts";
import { markOf, type SandboxId } from "./sandbox-id.ts";
import type { SandboxProvider } from "./sandbox-provider.ts";
import { workFolderOf } from "./work-folder-of.ts";

/** Where a janitor looks, and who knows what is to stay. */
export interface JanitorOptions {
  readonly volume: Volume;
  readonly registry: Pick<Registry, "get" | "ids">;
  readonly provider: Pick<SandboxProvider, "find">;
  readonly socketFolder: string;
  readonly logger: Logger;
}

/** Finds and removes what crashes and power cuts left of a volume's sandboxes. Dispose it to end what it does in the background. */
export class Janitor implements AsyncDisposable {
  readonly #options: JanitorOptions;
  readonly #ending = new AbortController();
  #clearing: Promise<void> = Promise.resolve();

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  /** Removes processes and sockets that belong to no run which goes on. To be asked before any sandbox is started. */
  async clearSandboxes(): Promise<ClearedLeftovers> {
    const { volume, socketFolder, logger } = this.#options;
    const cleared = await clearLeftovers({
      mark: markOf(volume),
      socketFolder,
      workFolderOf: ({ runId, attempt }) => workFolderOf({ runFolder: isRunId(runId) ? volume.runFolder(runId) : volume.folder, attempt }),
      isExpected: (id) => this.#isExpected(id),
    });
    if (cleared.processes > 0 || cleared.socketFolders > 0) logger.warn(cleared, "what earlier sandboxes left was removed");
    return cleared;
  }

  /** Goes through the folders of runs that are over, in the background. */
  clearRuns(): void {
    const { volume, registry, logger } = this.#options;
    const states = registry.ids();
    const isEnded = (runId: string) => {
      const state = states.get(runId);
      return state !== undefined && isTerminal(state);
    };
    this.#clearing = clearEndedRuns(volume, isEnded, this.#ending.signal).then(
      (runs) => void (runs > 0 && logger.warn({ runs }, "what sandboxes left in the folders of ended runs was removed")),
      (error: unknown) => logger.error({ error }, "the folders of ended runs could not be looked through"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#clearing;
  }

  /** One whose folder cannot be read may well be. */
  async #isExpected({ runId, attempt }: SandboxId): Promise<boolean> {
    const { volume, registry, provider } = this.#options;
    if (!isRunId(runId)) return false;
    const state = registry.get(runId)?.state;
    if (state !== undefined && isTerminal(state)) return false;
    try {
      return (await provider.find(volume.runFolder(runId)))?.attempt === attempt;
    } catch {
      return true;
    }
  }
}
