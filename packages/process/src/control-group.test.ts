import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { ControlGroup, type GroupFolders, type GroupLimits, groupedSandboxes, groupIn, groupOf } from "./control-group.ts";
import { openLentGroup } from "./lent-group.ts";

const ample: GroupLimits = { memoryBytes: 512 * 2 ** 20, tasks: 200 };
const id = `test.${process.pid}`;
const file = join("/dev/shm", id);
const mayMake = await openLentGroup(`/clew-tests-${process.pid}`).catch(() => undefined);
const lent: GroupFolders = mayMake ?? { version: 2, folders: [] };
const group = new ControlGroup(groupIn(lent, groupOf(id)));

afterEach(async () => {
  await group.remove();
  await rm(file, { force: true });
});
afterAll(async () => {
  for (const folder of lent.folders) await rmdir(folder);
});

/** Has a program begin in the group, with these limits. */
async function begin(limits: Partial<GroupLimits>, script: string) {
  await group.make({ ...ample, ...limits });
  const [program, ...args] = group.entering([process.execPath, "-e", script]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  return { child, ended: once(child, "close"), said: listen(child) };
}

function listen({ stdout }: ChildProcess): () => string {
  let said = "";
  stdout?.on("data", (part: Buffer) => {
    said += String(part);
  });
  return () => said;
}

const soon = { timeout: 10_000 };

// Only root, or whom a group was lent, may make any.
describe.runIf(mayMake !== undefined)("a control group", () => {
  test("holds what is started in it, and all that comes of that, however well it hides", async () => {
    const { child, ended } = await begin(
      {},
      `require("node:child_process").spawn("setsid", ["sleep", "100"], { detached: true, env: {}, stdio: "inherit" }).unref();`,
    );
    await once(child, "exit");
    await expect.poll(() => group.pids.length, soon).toBe(1);
    expect(group.lacksMemory).toBe(false);
    await group.remove();
    await ended;
    expect(group.pids).toEqual([]);
    expect(await groupedSandboxes(lent)).not.toContain(id);
  });

  test("holds also what makes groups within it", async () => {
    const entries = group.folders.folders.map((folder) => join(folder, "inner"));
    const { ended, said } = await begin(
      {},
      `const { mkdirSync, writeFileSync } = require("node:fs");
       for (const inner of ${JSON.stringify(entries)}) try { mkdirSync(inner); writeFileSync(inner + "/cgroup.procs", "0"); } catch {}
       console.log("hidden"); setInterval(() => {}, 1000);`,
    );
    await expect.poll(said, soon).toContain("hidden");
    expect(group.pids).toHaveLength(1);
    await group.remove();
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(await groupedSandboxes(lent)).not.toContain(id);
  });

  test("lets nothing have more memory than it may, also what no process maps, and says that it lacks it", async () => {
    const { ended, said } = await begin(
      { memoryBytes: 96 * 2 ** 20 },
      `const { appendFileSync } = require("node:fs"); const piece = Buffer.alloc(2 ** 20, 1);
       for (let size = 0; size < 256; size++) { appendFileSync("${file}", piece); if (size === 8) console.log("some"); }
       console.log("all");`,
    );
    await expect.poll(() => group.lacksMemory, soon).toBe(true);
    expect(said()).toBe("some\n");
    await group.remove();
    expect(await ended).toEqual([null, "SIGKILL"]);
  });

  test("lets no more be started than may be", async () => {
    const { ended, said } = await begin(
      { tasks: 40 },
      `const { spawn } = require("node:child_process");
       const all = Array.from({ length: 60 }, () => spawn("sleep", ["100"]).on("error", ({ code }) => console.log(code)));
       setImmediate(() => all.forEach((one) => one.kill()));`,
    );
    await ended;
    expect(said()).toContain("EAGAIN");
  });

  test("is made anew over what was left of another, and removed more than once", async () => {
    await begin({}, "setInterval(() => {}, 1000);");
    await group.make(ample);
    expect(group.pids).toEqual([]);
    expect(await groupedSandboxes(lent)).toContain(id);
    await group.remove();
    await group.remove();
    expect(await groupedSandboxes(lent)).not.toContain(id);
  });
});
