import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endProcesses, findProcesses, readBootId, readProcess, type SandboxMarks, sandboxVariable } from "./process-tree.ts";

let marks: SandboxMarks;
const started: ChildProcess[] = [];
beforeEach(() => {
  marks = { id: `test.${crypto.randomUUID()}`, folder: mkdtempSync(join(tmpdir(), "clew-tree-")) };
});
afterEach(async () => {
  await endProcesses(marks);
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(marks.folder, { recursive: true });
});

/** Starts a shell that says the pids it wants known, one a line, and stays. */
async function shell(script: string, { marked = true, detached = true } = {}): Promise<number[]> {
  const child = spawn("/bin/sh", ["-c", `${script}\necho end\nexec sleep 100`], {
    detached,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: "/usr/bin:/bin", ...(marked ? { [sandboxVariable]: marks.id } : {}) },
  });
  started.push(child);
  let text = "";
  while (!text.includes("end\n")) text += String((await once(child.stdout, "data"))[0]);
  return [
    child.pid ?? 0,
    ...text
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0),
  ];
}

function found(): number[] {
  return findProcesses(marks).map(({ pid }) => pid);
}

describe("findProcesses", () => {
  it("finds a marked process, its descendants, and those that left its group and its parent", async () => {
    const pids = await shell("sleep 100 & echo $!; (setsid sleep 100 & echo $!)");
    expect(pids).toHaveLength(3);
    expect(found()).toEqual(expect.arrayContaining(pids));
  });

  it("looks at nobody who is older than the first process, and at all that are as old", async () => {
    const [pid = 0] = await shell("");
    const { startTime = "" } = readProcess(pid) ?? {};
    expect(findProcesses({ ...marks, since: startTime })).toEqual([readProcess(pid)]);
    expect(findProcesses({ ...marks, since: String(Number(startTime) + 1) })).toEqual([]);
  });

  it("finds by a folder given as an option, and leaves alone who only looks into the folder", async () => {
    const [browser = 0] = await shell("", { marked: false });
    expect(found()).toEqual([]);
    const child = spawn("/bin/sh", ["-c", "echo end; sleep 100; true", `--user-data-dir=${marks.folder}/profile`], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    started.push(child);
    await once(child.stdout, "data");
    const looker = spawn("/usr/bin/tail", ["-f", "/dev/null", `${marks.folder}/agent.log`], { stdio: "ignore", detached: true });
    started.push(looker);
    await once(looker, "spawn");
    expect(found()).toContain(child.pid);
    expect(found()).not.toContain(looker.pid);
    expect(found()).not.toContain(browser);
  });

  it("finds the fellows of a known group whose first process is gone", async () => {
    const [leader = 0, fellow = 0] = await shell("env -i sleep 100 & echo $!", { marked: false });
    expect(found()).toEqual([]);
    process.kill(leader, "SIGKILL");
    await endedProcess(leader);
    const groups = new Set([leader]);
    expect(findProcesses({ ...marks, groups }).map(({ pid }) => pid)).toContain(fellow);
    await endProcesses({ ...marks, groups });
    expect(readProcess(fellow)).toBeUndefined();
  });

  it("never takes the group of the caller for the sandbox's, even when a marked process is in it", async () => {
    const [marked] = await shell("", { detached: false });
    expect(found()).toContain(marked);
    expect(found()).not.toContain(process.pid);
    expect(found()).not.toContain(process.ppid);
    for (const { pid, parentPid } of findProcesses(marks)) expect(pid === marked || parentPid === marked).toBe(true);
  });
});

describe("endProcesses", () => {
  it("ends all of them, also those that go on forking, and answers when none is left", async () => {
    await shell("(while true; do (setsid sleep 5 &); sleep 0.002; done) &");
    const killed = await endProcesses(marks);
    expect(killed.length).toBeGreaterThan(1);
    expect(found()).toEqual([]);
  });

  it("answers at once when there are none", async () => {
    expect(await endProcesses(marks)).toEqual([]);
  });
});

describe("readProcess", () => {
  it("names a process by its start time, whatever its name, and knows no zombie", async () => {
    const entry = readProcess(process.pid);
    expect(entry?.startTime).toMatch(/^\d+$/);
    expect(entry?.parentPid).toBe(process.ppid);
    expect(readProcess(2 ** 22 + 1)).toBeUndefined();
    expect(readBootId()).toMatch(/^[0-9a-f-]{36}$/);
  });
});

async function endedProcess(pid: number): Promise<void> {
  while (readProcess(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 2));
}
