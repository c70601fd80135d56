import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GroupFolders } from "./control-group.ts";

/** Nobody is bounded without them; a share of the processor is had where there is one. */
const wanted = ["memory", "pids"] as const;
const welcome = "cpu";

/**
 * Finds the group at a path such as `/system.slice/clew.service`, makes it where it is not there, and has it bound what is within it.
 *
 * @throws Error saying why that cannot be done.
 */
export async function openLentGroup(path: string): Promise<GroupFolders> {
  const mounts = readMounts();
  const single = (name: string) => mounts.find(({ type, controllers }) => type === "cgroup" && controllers.includes(name))?.folder;
  if (wanted.every((name) => single(name) !== undefined)) {
    const folders = [...wanted, welcome].flatMap((name) => single(name) ?? []).map((folder) => join(folder, path));
    for (const folder of folders) await mkdir(folder, { recursive: true });
    return { version: 1, folders };
  }
  const unified = mounts.find(({ type }) => type === "cgroup2")?.folder;
  if (unified === undefined) throw new Error("no control groups are mounted");
  const folder = join(unified, path);
  await mkdir(folder, { recursive: true });
  await enable(unified, folder);
  return { version: 2, folders: [folder] };
}

/**
 * Has the groups within one be bounded, by those around it too as far as they are ours to change. The kernel refuses it for one that holds processes itself.
 *
 * @throws Error naming what the group is not lent.
 */
async function enable(mount: string, folder: string): Promise<void> {
  if (folder !== mount) await enable(mount, dirname(folder)).catch(() => {});
  const read = async (file: string) => (await readFile(join(folder, file), "utf8")).trim().split(" ");
  const [has, on] = [await read("cgroup.controllers"), await read("cgroup.subtree_control")];
  const missing = wanted.filter((name) => !has.includes(name));
  if (missing.length > 0) throw new Error(`${folder} has no controllers ${missing.join(" and ")}, which the group around it gives`);
  const write = (names: readonly string[]) =>
    writeFile(join(folder, "cgroup.subtree_control"), names.map((name) => `+${name}`).join(" "), { flag: "r+" });
  if (has.includes(welcome) && !on.includes(welcome)) await write([welcome]).catch(() => {});
  const off = wanted.filter((name) => !on.includes(name));
  if (off.length > 0) await write(off);
}

interface Mount {
  readonly folder: string;
  readonly type: string;
  readonly controllers: readonly string[];
}

function readMounts(): readonly Mount[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [place, source] = line.split(" - ");
      const folder = place?.split(" ")[4];
      const [type, , options] = source?.split(" ") ?? [];
      return folder === undefined || type === undefined ? [] : [{ folder, type, controllers: options?.split(",") ?? [] }];
    });
}
