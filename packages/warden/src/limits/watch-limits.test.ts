import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readProcesses } from "@clew/process/process-tree";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findDescendants } from "./find-descendants.ts";
import { measureFolders } from "./measure-folder.ts";
import { measureMemory } from "./measure-memory.ts";
import { type Excess, type SandboxLimits, watchLimits } from "./watch-limits.ts";

const mebibyte = 2 ** 20;
const ample: SandboxLimits = { memoryBytes: 400 * mebibyte, processes: 20, diskBytes: 10 * mebibyte };

let folder: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-limits-"));
});
afterEach(() => {
  if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  child = undefined;
  execFileSync("rm", ["-rf", folder]);
});

/** Starts a program that says when it has done what it does, and stays. */
async function start(script: string): Promise<number> {
  child = spawn(process.execPath, ["-e", `${script}\nconsole.log("done"); setInterval(() => {}, 1000);`], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    env: { FOLDER: folder },
  });
  if (child.stdout === null) throw new Error("it has no output");
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

/** The first excess that is told of a program. */
async function excessOf(script: string, limits: Partial<SandboxLimits>): Promise<Excess> {
  const pid = await start(script);
  const told = Promise.withResolvers<Excess>();
  using _watch = watchLimits({
    findPids: () => [pid, ...findDescendants(readProcesses(), pid)],
    folders: [folder],
    limits: { ...ample, ...limits },
    onExcess: told.resolve,
    onBlind: told.reject,
  });
  return await told.promise;
}

test("tells of memory that all processes have together", async () => {
  const hold = "globalThis.held = Buffer.alloc(150 * 2 ** 20, 1);";
  const script = `${hold} require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(`${hold} setInterval(() => {}, 1000)`)}]);`;
  expect(await excessOf(script, { memoryBytes: 270 * mebibyte })).toBe("OUT_OF_MEMORY");
});

test("tells of memory that the kernel keeps from it, though none of it is seen", async () => {
  const told = Promise.withResolvers<Excess>();
  let lacksMemory = false;
  const watched = { findPids: () => [], folders: [folder], limits: ample, onExcess: told.resolve, onBlind: told.reject };
  using watch = watchLimits({
    ...watched,
    lacksMemory: () => {
      const before = lacksMemory;
      lacksMemory = true;
      return before;
    },
  });
  expect(await told.promise).toBe("OUT_OF_MEMORY");
  expect(watch.memoryBytes).toBe(0);
});

test("tells of too many processes, also of those whose parents are not the first", async () => {
  const script = `require("node:child_process").spawn("/bin/sh", ["-c", "for i in 1 2 3 4 5 6; do (sleep 100; true) & done; wait"]);`;
  expect(await excessOf(script, { processes: 10 })).toBe("TOO_MANY_PROCESSES");
});

test("tells of a full disk", async () => {
  expect(await excessOf(`require("node:fs").writeFileSync(process.env.FOLDER + "/x", Buffer.alloc(11 * 2 ** 20, 1));`, {})).toBe(
    "DISK_FULL",
  );
});

test("shared memory is counted once where it matters", async () => {
  const pid = await start("");
  const apart = measureMemory([pid, pid], Number.MAX_SAFE_INTEGER);
  expect(measureMemory([pid, pid], 1)).toBeLessThan(apart);
  expect(measureMemory([2 ** 22 + 1], 1)).toBe(0);
});

test("a folder's size is that of its own files: no link leads out of it, and a hole counts as none", async () => {
  await symlink("/usr", join(folder, "usr"));
  await writeFile(join(folder, "one"), Buffer.alloc(mebibyte, 1));
  const most = { bytes: 100 * mebibyte, files: 100 };
  expect(await measureFolders([folder], most)).toEqual({ bytes: mebibyte, files: 2 });
  expect((await measureFolders(["/usr"], most)).files).toBe(101);
  expect(await measureFolders([join(folder, "nowhere")], most)).toEqual({ bytes: 0, files: 0 });
});

test.each([
  [
    "below where a path can lead",
    `for (let depth = 0; depth < 40; depth++) { fs.mkdirSync("n".repeat(200)); process.chdir("n".repeat(200)); }
    fs.writeFileSync("x", Buffer.alloc(11 * 2 ** 20, 1));`,
  ],
  [
    "under names that are no text",
    `fs.mkdirSync(Buffer.from([0xff])); fs.writeFileSync(Buffer.from([0xff, 0x2f, 0xfe]), Buffer.alloc(11 * 2 ** 20, 1));`,
  ],
])("tells of a full disk where the files lie %s", async (_where, script) => {
  expect(await excessOf(`const fs = require("node:fs"); process.chdir(process.env.FOLDER); ${script}`, {})).toBe("DISK_FULL");
});

test("what somebody locked may be of any size", async () => {
  const locked = join(folder, "locked");
  await mkdir(locked, { mode: 0 });
  const module = fileURLToPath(new URL("measure-folder.ts", import.meta.url));
  const script = `const { measureFolders } = await import(${JSON.stringify(module)});
    console.log((await measureFolders([${JSON.stringify(folder)}], { bytes: 1, files: 10 })).bytes)`;
  // Root minds no lock: an ordinary user looks.
  const options = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  if (process.getuid?.() === 0) execFileSync("chown", ["-R", "65534", folder]);
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], options).toString().trim()).toBe("Infinity");
});

test("a look that fails is made again, and three in a row end it", async () => {
  let looks = 0;
  const failing = new Set([1, 2, 4, 5, 6]);
  const blind: unknown[] = [];
  const told = Promise.withResolvers<Excess>();
  using _watch = watchLimits({
    findPids: () => {
      if (failing.has(++looks)) throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
      return [];
    },
    folders: [folder],
    limits: ample,
    onExcess: told.resolve,
    onBlind: (error) => blind.push(error),
  });
  expect(await told.promise).toBe("UNWATCHED");
  expect([looks, blind.length]).toEqual([6, 5]);
}, 30_000);
