import { join } from "node:path";
import type { GroupFolders } from "@clew/process/control-group";
import type { Logger } from "@clew/process/logger";
import type { Registry } from "../registry/registry.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { Volume } from "../volume/volume.ts";
import { clearEndedRuns } from "./clear-ended-runs.ts";
import { type ClearedLeftovers, clearLeftovers } from "./clear-leftovers.ts";
import type { FoundLeftovers } from "./found-leftovers.ts";
import type { KeptRecords } from "./kept-records.ts";
import { formatSandboxName, markOf, nameOf, type SandboxName } from "./sandbox-id.ts";
import type { SandboxProvider } from "./sandbox-provider.ts";
import { clearWarmFolders, warmFolder } from "./warm-folder.ts";
import { workFolderOf } from "./work-folder-of.ts";

/** Where a janitor looks, and who knows what is to stay. */
export interface JanitorOptions {
  readonly volume: Volume;
  readonly registry: Pick<Registry, "get" | "ids">;
  readonly provider: Pick<SandboxProvider, "find">;
  readonly keptRecords: Pick<KeptRecords, "list">;
  readonly socketFolder: string;
  /** The control groups in which sandboxes have had theirs. */
  readonly lentGroups?: readonly GroupFolders[];
  readonly logger: Logger;
}

/** Finds and removes what crashes and power cuts left of a volume's sandboxes. Dispose it to end what it does in the background. */
export class Janitor implements AsyncDisposable {
  readonly #options: JanitorOptions;
  readonly #ending = new AbortController();
  readonly #found = new Map<string, FoundLeftovers>();
  #clearing: Promise<void> = Promise.resolve();

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  /** What was found so far, by kind, and how much of it was removed. */
  get found(): ReadonlyMap<string, FoundLeftovers> {
    return this.#found;
  }

  /** Removes processes and sockets that belong to no run which goes on. To be asked before any sandbox is started. */
  async clearSandboxes(): Promise<ClearedLeftovers> {
    const { volume, socketFolder, lentGroups = [], logger } = this.#options;
    const cleared = await clearLeftovers({
      mark: markOf(volume),
      socketFolder,
      lentGroups,
      workFolderOf: (id) => {
        if ("warm" in id) return join(warmFolder(volume), id.warm);
        return workFolderOf({ runFolder: isRunId(id.runId) ? volume.runFolder(id.runId) : volume.folder, attempt: id.attempt });
      },
      isExpected: (id) => this.#isExpected(id),
      onLeft: this.#onLeft,
    });
    const warm = await clearWarmFolders(volume, (name) => this.#isExpected({ warm: name }), this.#onLeft);
    const { sandboxes, processes, socketFolders, left } = cleared;
    this.#note("sandbox", { found: sandboxes, removed: sandboxes });
    this.#note("process", { found: processes, removed: processes });
    this.#note("socket_folder", { found: socketFolders, removed: socketFolders - left });
    this.#note("control_group", cleared.controlGroups);
    this.#note("warm_folder", warm);
    if (cleared.processes + cleared.socketFolders + cleared.controlGroups.found > 0)
      logger.warn(cleared, "what earlier sandboxes left was removed");
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
    this.#clearing = clearEndedRuns(volume, isEnded, this.#onLeft, this.#ending.signal).then(
      ({ runs, ...files }) => {
        this.#note("run_file", files);
        if (runs > 0) logger.warn({ runs }, "what sandboxes left in the folders of ended runs was removed");
      },
      (error: unknown) => logger.error({ error }, "the folders of ended runs could not be looked through"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#clearing;
  }

  #note(kind: string, { found, removed }: FoundLeftovers): void {
    const before = this.#found.get(kind) ?? { found: 0, removed: 0 };
    this.#found.set(kind, { found: before.found + found, removed: before.removed + removed });
  }

  /** One folder that stays keeps nobody from starting. */
  readonly #onLeft = (name: string, error: unknown) =>
    this.#options.logger.error({ error, name }, "what a sandbox left could not be removed");

  /** One whose folder cannot be read may well be. */
  async #isExpected(name: SandboxName): Promise<boolean> {
    const { registry, keptRecords } = this.#options;
    if (!("warm" in name)) {
      if (!isRunId(name.runId)) return false;
      const state = registry.get(name.runId)?.state;
      return !(state !== undefined && isTerminal(state)) && (await this.#names(name.runId, name));
    }
    const kept = await keptRecords.list();
    if (!kept.isWhole || kept.records.some(({ handle }) => handle.warm?.name === name.warm)) return true;
    // Whose it is, if anybody's, only the runs say.
    for (const [runId, state] of registry.ids()) if (isRunId(runId) && !isTerminal(state) && (await this.#names(runId, name))) return true;
    return false;
  }

  /** Whether a run's folder names a sandbox. */
  async #names(runId: RunId, name: SandboxName): Promise<boolean> {
    const { volume, provider } = this.#options;
    try {
      const handle = await provider.find(volume.runFolder(runId));
      return handle !== undefined && formatSandboxName(nameOf(handle)) === formatSandboxName(name);
    } catch {
      return true;
    }
  }
}
