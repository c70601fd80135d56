import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { readBootId, readProcess, sandboxVariable } from "@clew/process/process-tree";
import { Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { toRunId } from "../runs/run-id.ts";
import { openVolume, type Volume } from "../volume/volume.ts";
import { Janitor } from "./janitor.ts";
import { KeptRecords } from "./kept-records.ts";
import { wardenVariable } from "./marked-processes.ts";
import { readSandboxFile, writeSandboxFile } from "./sandbox-file.ts";
import { formatSandboxId, markOf } from "./sandbox-id.ts";
import { socketPaths } from "./socket-folder.ts";

const nothing = { found: 0, removed: 0 };

let temp: TempFolder;
let volume: Volume;
let keptRecords: KeptRecords;
const children: ChildProcess[] = [];
beforeEach(async () => {
  temp = await tempFolder();
  volume = await openVolume(join(temp.path, "volume"));
  keptRecords = await KeptRecords.open(volume, createLogger({ name: "test", level: "silent" }));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await temp[Symbol.asyncDispose]();
});

const [goesOn, over] = ["1", "2"].map((digit) => toRunId(digit.repeat(32))) as [ReturnType<typeof toRunId>, ReturnType<typeof toRunId>];
const states = new Map([
  [goesOn, Run_State.RUNNING],
  [over, Run_State.COMPLETED],
]);

function openJanitor(): Janitor {
  return new Janitor({
    volume,
    registry: {
      ids: () => states,
      get: (id) => Run.fromPartial({ id, state: [...states].find(([known]) => known === id)?.[1] ?? Run_State.QUEUED }),
    },
    provider: { find: readSandboxFile },
    keptRecords,
    socketFolder: temp.path,
    logger: createLogger({ name: "test", level: "silent" }),
  });
}

/** Starts what looks like a sandbox's process, and makes its sockets' folder. */
async function leave(
  runId: string,
  { mark = markOf(volume), variable = sandboxVariable, warm = "" } = {},
): Promise<{ pid: number; sockets: string }> {
  const id = warm === "" ? { mark, runId, attempt: 1 } : { mark, warm };
  const child = spawn("/bin/sleep", ["100"], { stdio: "ignore", detached: true, env: { [variable]: formatSandboxId(id) } });
  children.push(child);
  await once(child, "spawn");
  const { folder } = socketPaths(temp.path, id);
  await mkdir(folder, { recursive: true });
  return { pid: child.pid ?? 0, sockets: folder };
}

const isThere = async (path: string) => (await readdir(temp.path)).includes(path.slice(temp.path.length + 1));

test("ends the processes of runs that are over, with their sockets, and leaves alone a run that goes on and what is another volume's", async () => {
  const ended = [await leave(over), await leave(over, { variable: wardenVariable })];
  const expected = await leave(goesOn);
  const foreign = await leave(over, { mark: "ffffffff" });
  await mkdir(volume.runFolder(goesOn));
  await writeSandboxFile(volume.runFolder(goesOn), {
    runId: goesOn,
    attempt: 1,
    isolation: "process",
    wardenAddress: "unix:/nowhere/warden",
    agentAddress: "unix:/nowhere/agent",
    workFolder: join(volume.runFolder(goesOn), "work-1"),
    pid: expected.pid,
    startTime: "1",
    bootId: readBootId(),
  });
  await using janitor = openJanitor();
  expect(await janitor.clearSandboxes()).toEqual({ sandboxes: 1, processes: 2, socketFolders: 1, left: 0, controlGroups: nothing });
  for (const { pid } of ended) expect(readProcess(pid)).toBeUndefined();
  expect(await isThere(ended[0]?.sockets ?? "")).toBe(false);
  for (const { pid, sockets } of [expected, foreign]) {
    expect(readProcess(pid)).toBeDefined();
    expect(await isThere(sockets)).toBe(true);
  }
  expect(await janitor.clearSandboxes()).toEqual({ sandboxes: 0, processes: 0, socketFolders: 0, left: 0, controlGroups: nothing });
});

test("leaves a sandbox that is kept though its run is over, and ends it once it is on record no more", async () => {
  const { pid } = await leave(over, { warm: "a1" });
  const workFolder = join(volume.folder, "warm", "a1");
  await mkdir(workFolder, { recursive: true });
  await keptRecords.save({
    runId: over,
    tenant: "default",
    sinceMs: 1,
    untilMs: 2,
    handle: {
      runId: over,
      attempt: 1,
      isolation: "process",
      wardenAddress: "unix:/nowhere/warden",
      agentAddress: "unix:/nowhere/agent",
      workFolder,
      pid,
      startTime: "1",
      bootId: readBootId(),
      warm: { name: "a1", runFolder: volume.runFolder(over) },
    },
  });
  await using janitor = openJanitor();
  expect(await janitor.clearSandboxes()).toEqual({ sandboxes: 0, processes: 0, socketFolders: 0, left: 0, controlGroups: nothing });
  expect([readProcess(pid) !== undefined, existsSync(workFolder)]).toEqual([true, true]);
  // What cannot be understood names none.
  await writeFile(join(volume.folder, "kept", `${over}.json`), "torn");
  expect(await janitor.clearSandboxes()).toEqual({ sandboxes: 1, processes: 1, socketFolders: 1, left: 0, controlGroups: nothing });
  expect([readProcess(pid), existsSync(workFolder)]).toEqual([undefined, false]);
});

test("ends a sandbox of a run that goes on where the run's folder names another attempt, or none", async () => {
  const { pid, sockets } = await leave(goesOn);
  await using janitor = openJanitor();
  expect(await janitor.clearSandboxes()).toEqual({ sandboxes: 1, processes: 1, socketFolders: 1, left: 0, controlGroups: nothing });
  expect(readProcess(pid)).toBeUndefined();
  expect(await isThere(sockets)).toBe(false);
});

test("leaves a sandbox whose record cannot be understood: it may well be somebody's", async () => {
  const { pid } = await leave(goesOn);
  await mkdir(volume.runFolder(goesOn));
  await writeFile(join(volume.runFolder(goesOn), "sandbox.json"), "torn");
  await using janitor = openJanitor();
  expect(await janitor.clearSandboxes()).toEqual({ sandboxes: 0, processes: 0, socketFolders: 0, left: 0, controlGroups: nothing });
  expect(readProcess(pid)).toBeDefined();
});

test("removes what sandboxes left in the folders of runs that are over, and nothing of a run that goes on", async () => {
  const halfStored = "artifact.0123456789ab.tmp";
  for (const runId of [goesOn, over]) {
    await mkdir(join(volume.runFolder(runId), "work-2", "agent"), { recursive: true });
    await mkdir(join(volume.runFolder(runId), "artifacts"));
    for (const name of ["sandbox.json", "journal", halfStored]) await writeFile(join(volume.runFolder(runId), name), "x");
  }
  await using janitor = openJanitor();
  await janitor.clearSandboxes();
  janitor.clearRuns();
  await expect.poll(() => readdir(volume.runFolder(over)), { timeout: 20_000 }).toEqual(["artifacts", "journal"]);
  // Every kind is told of, also one of which there was nothing.
  await expect
    .poll(() => Object.fromEntries(janitor.found))
    .toEqual({
      sandbox: nothing,
      process: nothing,
      socket_folder: nothing,
      control_group: nothing,
      warm_folder: nothing,
      run_file: { found: 3, removed: 3 },
    });
  expect((await readdir(volume.runFolder(goesOn))).sort()).toEqual([halfStored, "artifacts", "journal", "sandbox.json", "work-2"]);
});

test("removes folders that lie deeper than a path may be long, among sockets and in runs that are over", async () => {
  const places = [
    join(socketPaths(temp.path, { mark: markOf(volume), runId: over, attempt: 1 }).folder, "inside"),
    join(volume.runFolder(over), "work-1", "agent"),
    join(volume.folder, "warm", "left"),
  ];
  const nest = `for (let depth = 0; depth < 40; depth++) {
    require("node:fs").mkdirSync("n".repeat(200));
    process.chdir("n".repeat(200));
  }`;
  for (const place of places) {
    await mkdir(place, { recursive: true });
    execFileSync(process.execPath, ["-e", nest], { cwd: place });
  }
  await using janitor = openJanitor();
  expect(await janitor.clearSandboxes()).toMatchObject({ socketFolders: 1 });
  janitor.clearRuns();
  for (const place of places) await expect.poll(() => existsSync(place), { timeout: 20_000 }).toBe(false);
});
