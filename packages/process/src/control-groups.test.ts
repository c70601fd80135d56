import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ControlGroup, type GroupLimits, groupedSandboxes, groupOf, type LentGroup, openLentGroup } from "./control-groups.ts";

const ample: GroupLimits = { memoryBytes: 512 * 2 ** 20, tasks: 200 };
const id = `test.${process.pid}`;
const file = join("/dev/shm", id);

let lent: LentGroup;
let group: ControlGroup;
beforeAll(async () => {
  lent = await openLentGroup(`/clew-tests-${process.pid}`);
});
afterEach(async () => {
  await group.remove();
  await rm(file, { force: true });
});
afterAll(async () => {
  for (const folder of lent.folders) await rmdir(folder);
});

/** Runs a program in a group with these limits; answers how it ended, and what it wrote. */
async function run(limits: Partial<GroupLimits>, script: string) {
  group = new ControlGroup(lent, groupOf(id));
  await group.make({ ...ample, ...limits });
  const [program, ...args] = group.entering([process.execPath, "-e", script]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += String(part);
  });
  const ended = once(child, "close");
  return { child, ended, said: () => said };
}

test("holds what is started in it, and all that comes of that, however well it hides", async () => {
  const { child, ended } = await run(
    {},
    `require("node:child_process").spawn("setsid", ["sleep", "100"], { detached: true, env: {}, stdio: "inherit" }).unref();`,
  );
  await once(child, "exit");
  expect(group.pids).toHaveLength(1);
  expect(group.lackedMemory).toBe(false);
  await group.remove();
  await ended;
  expect(group.pids).toEqual([]);
  expect(await groupedSandboxes(lent)).not.toContain(id);
});

test("ends what wants more memory than there is, also where no process maps it", async () => {
  const { ended } = await run(
    { memoryBytes: 96 * 2 ** 20 },
    `require("node:fs").writeFileSync("${file}", Buffer.alloc(64 * 2 ** 20, 1)); Buffer.alloc(64 * 2 ** 20, 1);`,
  );
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(group.lackedMemory).toBe(true);
});

test("lets no more be started than may be", async () => {
  const { ended, said } = await run(
    { tasks: 40 },
    `const { spawn } = require("node:child_process");
     const all = Array.from({ length: 60 }, () => spawn("sleep", ["100"]).on("error", ({ code }) => console.log(code)));
     setImmediate(() => all.forEach((one) => one.kill()));`,
  );
  await ended;
  expect(said()).toContain("EAGAIN");
});

test("is listed, and removed more than once", async () => {
  group = new ControlGroup(lent, groupOf(id));
  await group.make(ample);
  expect(await groupedSandboxes(lent)).toContain(id);
  await group.remove();
  await group.remove();
  expect(await groupedSandboxes(lent)).not.toContain(id);
});
