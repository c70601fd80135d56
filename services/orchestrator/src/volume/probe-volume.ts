import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasCode } from "@clew/fault/volume-fault";
import { SettingsError } from "@clew/process/settings";
import { type Disk, nodeDisk } from "../journal/disk.ts";

/**
 * Tries on a volume what journals stand on: exclusive creation, what was synced and is read back through another handle, rename
 * over a file, second names. Leaves nothing behind.
 *
 * @throws SettingsError naming what the volume breaks; the file system's error where it refuses.
 */
export async function probeVolume(folder: string, disk: Disk = nodeDisk): Promise<void> {
  const [first, second, third] = ["self-test.1", "self-test.2", "self-test.3"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const clear = async () => {
    for (const file of [first, second, third]) await disk.remove(file);
  };
  const demand = (holds: boolean, what: string) => {
    if (!holds) throw new SettingsError(`CLEW_VOLUME: ${what} does not work on this volume; set CLEW_VOLUME to a folder on a local disk`);
  };
  await clear();
  try {
    await write(disk, first, "exclusive", "first");
    demand(await isRefused(disk.open(first, "exclusive").then((file) => file.close())), "creating a file only where there is none");
    demand((await read(disk, first)) === "first", "reading back what was written");
    await write(disk, second, "fresh", "second");
    await disk.rename(second, first);
    demand((await read(disk, first)) === "second" && !(await disk.list(folder)).includes("self-test.2"), "renaming a file over another");
    await disk.link(first, third);
    demand((await read(disk, third)) === "second" && (await isRefused(disk.link(first, third))), "giving a file a second name");
    await disk.syncFolder(folder);
  } finally {
    await clear();
  }
}

/**
 * Asks another process whether it can have a lock that this one holds.
 *
 * @throws SettingsError when it can: two orchestrators would write the same journals.
 */
export async function probeLock(file: string): Promise<void> {
  const script = `
    import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(process.argv[1]);
    database.exec("BEGIN EXCLUSIVE");
    process.exitCode = ${gotIt};
  `;
  const args = ["--no-warnings", "--input-type=module", "--eval", script, file];
  const code = await promisify(execFile)(process.execPath, args, { timeout: 20_000 }).catch((error: unknown) =>
    error instanceof Error && "code" in error ? error.code : undefined,
  );
  if (code === gotIt) throw new SettingsError("CLEW_VOLUME: locks do not work on this volume; set CLEW_VOLUME to a folder on a local disk");
}

/** The exit code of a process that took the lock; any other is that of one that could not. */
const gotIt = 42;

async function write(disk: Disk, path: string, as: "exclusive" | "fresh", text: string): Promise<void> {
  const file = await disk.open(path, as);
  try {
    await file.write(Buffer.from(text), 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function read(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, "existing");
  try {
    const bytes = Buffer.alloc(16);
    return bytes.toString("utf8", 0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

async function isRefused(call: Promise<void>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    return true;
  }
}
