import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ControlGroup, type GroupFolders, groupedSandboxes, groupIn, groupOf } from "@clew/process/control-group";
import { readProcess } from "@clew/process/process-tree";
import { removeFolder } from "@clew/process/remove-folder";
import { endSandbox } from "./end-sandbox.ts";
import { type FoundLeftovers, removeEach } from "./found-leftovers.ts";
import { findMarkedSandboxes } from "./marked-processes.ts";
import { formatSandboxId, type SandboxId } from "./sandbox-id.ts";
import { socketFolderName, socketFolderPrefix } from "./socket-folder.ts";

/** Whose leftovers are looked for, and where. */
export interface LeftoverPlaces {
  /** The volume's mark: what is not marked with it is somebody else's. */
  readonly mark: string;
  /** Where sandboxes have their sockets. */
  readonly socketFolder: string;
  /** The control groups in which they have had theirs. */
  readonly lentGroups?: readonly GroupFolders[];
  /** The folder that the sandbox would have. */
  readonly workFolderOf: (id: SandboxId) => string;
  /** Whether a sandbox may live: its run goes on, and its folder names it. */
  readonly isExpected: (id: SandboxId) => Promise<boolean>;
  /** Hears what could not be removed, and why: the others are. */
  readonly onLeft: (name: string, error: unknown) => void;
}

/** How much was found and removed. */
export interface ClearedLeftovers {
  readonly sandboxes: number;
  readonly processes: number;
  readonly socketFolders: number;
  /** Of those folders, how many could not be removed. */
  readonly left: number;
  readonly controlGroups: FoundLeftovers;
}

/**
 * Removes what a crash or a power cut left of this volume's sandboxes, while none is being started: processes of sandboxes that nobody expects, and the sockets and
 * control groups of those that no longer live. Repeatable.
 */
export async function clearLeftovers(places: LeftoverPlaces): Promise<ClearedLeftovers> {
  const { mark, socketFolder, lentGroups = [], workFolderOf, isExpected, onLeft } = places;
  const living = new Set<string>();
  const ids = new Set<string>();
  const cleared = { sandboxes: 0, processes: 0, socketFolders: 0 };
  for (const { id, wardens } of findMarkedSandboxes().values()) {
    if (id.mark !== mark) continue;
    if (await isExpected(id)) {
      living.add(socketFolderName(id));
      ids.add(formatSandboxId(id));
      continue;
    }
    const wardensLeft = wardens.filter((warden) => readProcess(warden) !== undefined);
    const ended = await endSandbox(wardensLeft, { id: formatSandboxId(id), folder: workFolderOf(id) });
    cleared.sandboxes += 1;
    cleared.processes += wardens.length + ended.length;
  }
  const prefix = socketFolderPrefix(mark);
  const names = (await readdir(socketFolder)).filter((name) => name.startsWith(prefix) && !living.has(name));
  const { found, removed } = await removeEach(names, (name) => removeFolder(join(socketFolder, name)), onLeft);
  const groups = new Map<string, ControlGroup>();
  for (const lent of lentGroups) {
    const gone = (await groupedSandboxes(lent)).filter((id) => id.startsWith(`${mark}.`) && !ids.has(id));
    for (const folders of gone.map((id) => groupIn(lent, groupOf(id)))) groups.set(folders.folders.join(), new ControlGroup(folders));
  }
  const controlGroups = await removeEach(groups.keys(), async (name) => await groups.get(name)?.remove(), onLeft);
  return { ...cleared, socketFolders: found, left: found - removed, controlGroups };
}
