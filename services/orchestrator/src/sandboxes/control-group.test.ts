import { rmdir } from "node:fs/promises";
import { ControlGroup, groupedSandboxes, groupOf, type LentGroup, openLentGroup } from "@clew/process/control-groups";
import { readProcess } from "@clew/process/process-tree";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clearLeftovers } from "./clear-leftovers.ts";
import { demandControlGroups } from "./prove-control-groups.ts";
import { formatSandboxId } from "./sandbox-id.ts";
import { mark, processesOf, SandboxRoom, until } from "./sandbox-room.fixture.ts";
import { exited, ready } from "./warden-events.fixture.ts";

const path = `/clew-tests-${process.pid}`;
const mebibyte = 2 ** 20;

let room: SandboxRoom;
let controlGroups: LentGroup;
beforeAll(async () => {
  controlGroups = await openLentGroup(path);
  room = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  // Only where nothing is left in them.
  for (const folder of controlGroups.folders) await rmdir(folder);
});

const limits = { memoryBytes: 1_024 * mebibyte, processes: 256, diskBytes: 2_048 * mebibyte };
const providers = {
  bubblewrap: (more: Partial<typeof limits> = {}) => room.provideIsolated({ controlGroups, limits: { ...limits, ...more } }),
  process: (more: Partial<typeof limits> = {}) => room.provide({ controlGroups, limits: { ...limits, ...more } }),
};

describe.each(["bubblewrap", "process"] as const)("a sandbox with a control group, in %s", (tier) => {
  it("has all its processes in it, and leaves none", async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    const { handle, connection } = sandbox;
    const id = formatSandboxId({ mark, runId: handle.runId, attempt: 1 });
    expect(await groupedSandboxes(controlGroups)).toEqual([id]);
    const { pids } = new ControlGroup(controlGroups, groupOf(id));
    expect(processesOf(handle).map(({ pid }) => pid)).toEqual(expect.arrayContaining([...pids]));
    expect(pids.length).toBeGreaterThan(4);
    await connection.warden.releaseSandbox({});
    await until(() => readProcess(handle.pid) === undefined);
    expect(await groupedSandboxes(controlGroups)).toEqual([]);
  });

  it("is ended by the kernel where it takes more memory than it may, and says so", async () => {
    // Less than a browser wants: whatever of it is ended first, the reason is the same.
    await using sandbox = await room.start(providers[tier]({ memoryBytes: 90 * mebibyte }));
    expect(await exited(sandbox)).toMatchObject({ cause: "OUT_OF_MEMORY" });
    expect(await groupedSandboxes(controlGroups)).toEqual([]);
  });

  it("leaves no group where its warden is killed", async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    process.kill(sandbox.handle.pid, "SIGKILL");
    await sandbox.provider.kill(sandbox.handle);
    expect(await groupedSandboxes(controlGroups)).toEqual([]);
  });

  it("leaves one to the next orchestrator where all are killed, and that removes it", async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    process.kill(sandbox.handle.pid, "SIGKILL");
    const places = { socketFolder: room.sockets, controlGroups, workFolderOf: () => sandbox.handle.workFolder, onLeft: () => {} };
    await clearLeftovers({ ...places, mark: "ffffffff", isExpected: async () => false });
    expect(await groupedSandboxes(controlGroups)).toHaveLength(1);
    const { controlGroups: cleared } = await clearLeftovers({ ...places, mark, isExpected: async () => false });
    expect(cleared).toEqual({ found: 1, removed: 1 });
    expect(await groupedSandboxes(controlGroups)).toEqual([]);
  });
});

describe("a group that Clew is to make groups in", () => {
  it("is tried, and nothing is left of that", async () => {
    expect(await demandControlGroups(path)).toEqual(controlGroups);
    expect(await groupedSandboxes(controlGroups)).toEqual([]);
  });

  it("is refused with a reason where none can be made", async () => {
    const message = expect.stringMatching(/^CLEW_CGROUP: no control groups can be made there: .+ leave CLEW_CGROUP out: /s);
    await expect(demandControlGroups("/no\nname")).rejects.toMatchObject({ name: "SettingsError", message });
  });
});
