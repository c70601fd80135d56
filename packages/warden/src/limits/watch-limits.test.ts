import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { measureFolder } from "./measure-folder.ts";
import { measureMemory } from "./measure-memory.ts";
import { type Excess, type SandboxLimits, watchLimits } from "./watch-limits.ts";

const mebibyte = 2 ** 20;
const ample: SandboxLimits = { memoryBytes: 400 * mebibyte, processes: 20, diskBytes: 10 * mebibyte };

let folder: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-limits-"));
});
afterEach(async () => {
  if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  child = undefined;
  await rm(folder, { recursive: true });
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
  using _watch = watchLimits({ pid, folder, limits: { ...ample, ...limits }, onExcess: told.resolve });
  return await told.promise;
}

test("tells of memory that all processes have together", async () => {
  const hold = "globalThis.held = Buffer.alloc(150 * 2 ** 20, 1);";
  const script = `${hold} require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(`${hold} setInterval(() => {}, 1000)`)}]);`;
  expect(await excessOf(script, { memoryBytes: 270 * mebibyte })).toBe("OUT_OF_MEMORY");
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
  expect(await measureFolder(folder, most)).toEqual({ bytes: mebibyte, files: 2 });
  expect((await measureFolder("/usr", most)).files).toBe(101);
  expect(await measureFolder(join(folder, "nowhere"), most)).toEqual({ bytes: 0, files: 0 });
});
