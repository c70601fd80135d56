import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { z } from "zod";
import { nodeDisk, onVolume } from "../journal/disk.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";
import { type Volume, writeDurably } from "../volume/volume.ts";
import type { BrowserStates } from "./browser-states.ts";
import { sealText, unsealText } from "./sealed-text.ts";

const sessionSchema = z.object({ browserState: z.string(), address: z.string(), memory: z.string() });

/** What a run left for those that are forked from it. */
export type KeptSession = z.infer<typeof sessionSchema>;

/** Whose session it is. */
export interface SessionOwner {
  readonly id: string;
  readonly tenant: string;
}

/** The sessions that runs left, each encrypted like a saved login in the folder of its run, with which it goes. */
export class KeptSessions {
  readonly #folderOf: (runId: RunId) => string;
  readonly #states: Pick<BrowserStates, "demandKey">;

  constructor({ volume, states }: { readonly volume: Pick<Volume, "runFolder">; readonly states: Pick<BrowserStates, "demandKey"> }) {
    this.#folderOf = (runId) => volume.runFolder(runId);
    this.#states = states;
  }

  /** @throws Fault STATE_KEY_MISSING where none can be kept or read. */
  demandKey(): void {
    this.#states.demandKey();
  }

  /** Keeps what a run left, in the place of what it left before. @throws Fault STATE_KEY_MISSING, VOLUME_FULL or VOLUME_FAILED. */
  async save(run: SessionOwner, session: KeptSession): Promise<void> {
    const sealed = sealText(this.#states.demandKey(), ownerOf(run), JSON.stringify(session));
    await writeDurably(this.#file(run), sealed);
  }

  /** Reads what a run left; undefined where it left nothing, or that is gone. @throws Fault STATE_KEY_MISSING, STATE_UNREADABLE. */
  async read(run: SessionOwner): Promise<KeptSession | undefined> {
    const key = this.#states.demandKey();
    try {
      return sessionSchema.parse(JSON.parse(unsealText(key, ownerOf(run), await readFile(this.#file(run)))));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error instanceof Fault ? error : new Fault("STATE_UNREADABLE", { cause: error });
    }
  }

  /** Removes what a run left. Repeatable. */
  async remove(run: SessionOwner): Promise<void> {
    const file = this.#file(run);
    await onVolume(rm(file, { force: true }));
    await onVolume(nodeDisk.syncFolder(join(file, "..")));
  }

  #file({ id }: SessionOwner): string {
    if (!isRunId(id)) throw new Fault("RUN_NOT_FOUND");
    return join(this.#folderOf(id), "session");
  }
}

function ownerOf({ id, tenant }: SessionOwner): string[] {
  return [tenant, "run", id];
}
