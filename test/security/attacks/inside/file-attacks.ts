import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { link, mkdir, open, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Inside, Try } from "./targets.ts";

const filesIn = async ({ workFolder }: Inside) => {
  const folder = join(workFolder, "files");
  await mkdir(folder, { recursive: true });
  return folder;
};

/** Tries that are about files. */
export const fileAttacks: Readonly<Record<string, Try>> = {
  "a file of the machine": async ({ file }) => readFileSync(file, "utf8"),
  "a file of the machine through a link": async ({ file }, inside) => {
    const path = join(await filesIn(inside), "through.txt");
    await symlink(file, path);
    return readFileSync(path, "utf8");
  },
  "a file of the machine by a second name": async ({ file }, inside) => {
    await link(file, join(await filesIn(inside), "second-name.txt"));
    return "linked";
  },
  "a file in a folder of the machine": async ({ folder }) => {
    writeFileSync(join(folder, "planted"), "x", { flag: "wx" });
    return "planted";
  },
  "the machine's users": async () => (/^root:/m.test(readFileSync("/etc/passwd", "utf8")) ? "read" : undefined),
  "the machine's passwords": async () => readFileSync("/etc/shadow", "utf8").slice(0, 4),
  "the home of root": async () => readdirSync("/root").join(" ") || "empty",
  "the volume": async ({ volume }) =>
    existsSync(join(volume, "volume.key")) ? readFileSync(join(volume, "volume.key"), "hex") : undefined,
  "the index of all runs": async ({ volume }) => readFileSync(join(volume, "registry.sqlite"), "latin1").slice(0, 6),
  "the folders of other runs": async ({ volume }, { workFolder }) => {
    const others = readdirSync(join(volume, "runs")).filter((name) => !workFolder.includes(name));
    return others.length > 0 ? others.join(" ") : undefined;
  },
  "its own run's journal": async (_, { workFolder }) => {
    const names = readdirSync(dirname(dirname(workFolder))).filter((name) => !/^sandbox-|^work/.test(name));
    return names.length > 0 ? names.join(" ") : undefined;
  },
  "its warden's files": async (_, { workFolder }) => readFileSync(join(dirname(workFolder), "warden.log"), "utf8") || "empty",
  "its own program": async () => {
    await using _ = await open(new URL("hostile-agent.ts", import.meta.url), "r+");
    return "writable";
  },
  "the programs of others": async () => {
    await using _ = await open(process.execPath, "r+");
    return "writable";
  },
  "the system's programs": async () => {
    const path = `/usr/bin/clew-test-${process.pid}`;
    writeFileSync(path, "", { flag: "wx" });
    await rm(path);
    return "planted";
  },
};
