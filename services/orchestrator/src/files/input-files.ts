import { link, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { nodeDisk, onVolume } from "../journal/disk.ts";

/** A file that a run is given, and where its bytes are. */
export interface InputPath {
  readonly name: string;
  readonly path: string;
}

/** A file that a run is to be given. */
export interface GivenFile extends InputPath {
  readonly sizeBytes: number;
}

/** Where a run keeps the files it was given. */
function inputsFolder(runFolder: string): string {
  return join(runFolder, "inputs");
}

/** Gives a run links of its own to the files it is created with. @throws Fault FILE_NOT_FOUND where one is gone meanwhile, VOLUME_FAILED. */
export async function keepInputs(runFolder: string, files: readonly InputPath[]): Promise<void> {
  if (files.length === 0) return;
  const folder = inputsFolder(runFolder);
  await onVolume(mkdir(folder, { recursive: true, mode: 0o700 }));
  for (const { name, path } of files) {
    await onVolume(
      link(path, join(folder, name)).catch((error: unknown) => {
        throw hasCode(error, "ENOENT") ? new Fault("FILE_NOT_FOUND") : error;
      }),
    );
  }
  await onVolume(nodeDisk.syncFolder(folder));
  await onVolume(nodeDisk.syncFolder(runFolder));
}

/** Where the files of a run are, by the names its spec gives them. */
export function inputPaths(runFolder: string, files: readonly { readonly name: string }[]): InputPath[] {
  return files.map(({ name }) => ({ name, path: join(inputsFolder(runFolder), name) }));
}

/** Removes the files a run was given; what the run itself left stays. */
export async function removeInputs(runFolder: string): Promise<void> {
  await onVolume(rm(inputsFolder(runFolder), { recursive: true, force: true }));
}
