import { rmdir } from "node:fs/promises";
import { ControlGroup, type GroupFolders, groupedSandboxes } from "@clew/process/control-group";
import { openLentGroup } from "@clew/process/lent-group";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clearLeftovers } from "./clear-leftovers.ts";
import { noteLentGroup } from "./lent-groups.ts";
import { demandControlGroups } from "./prove-control-groups.ts";
import { formatSandboxId } from "./sandbox-id.ts";
import { mark, processesOf, SandboxRoom } from "./sandbox-room.fixture.ts";
import { exited, ready } from "./warden-events.fixture.ts";

const path = `/clew-tests-${process.pid}`;
const mebibyte = 2 ** 20;
const limits = { memoryBytes: 640 * mebibyte, processes: 256, diskBytes: 2_048 * mebibyte };
const mayMake = await openLentGroup(path).catch(() => undefined);
const lentGroup: GroupFolders = mayMake ?? { version: 2, folders: [] };

let room: SandboxRoom;
beforeAll(async () => {
  room = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  // Only where nothing is left in them.
  for (const folder of lentGroup.folders) await rmdir(folder);
});

const providers = {
  bubblewrap: () => room.provideIsolated({ lentGroup, limits }),
  process: () => room.provide({ lentGroup, limits }),
};
const groups = () => groupedSandboxes(lentGroup);

/** Takes memory for as long as it is given any. */
const greedy = `
id: greedy
steps: [{ action: evaluate, params: { script: "const held = []; for (;;) held.push(new Uint8Array(2 ** 24).fill(1))" } }]`;

// Only root, or whom a group was lent, may make any.
describe.runIf(mayMake !== undefined).each(["bubblewrap", "process"] as const)("a sandbox with a control group, in %s", (tier) => {
  it("has all its processes in it, and no other, and leaves none", async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    const { handle, connection } = sandbox;
    expect(await groups()).toEqual([formatSandboxId({ mark, runId: handle.runId, attempt: 1 })]);
    const group = new ControlGroup(handle.controlGroup ?? expect.fail("it has none"));
    // A browser's processes come and go between two looks.
    const differences = () => new Set(group.pids).symmetricDifference(new Set(processesOf(handle).map(({ pid }) => pid)));
    await expect.poll(differences, { timeout: 20_000 }).toEqual(new Set());
    expect(group.pids.length).toBeGreaterThan(4);
    await connection.warden.releaseSandbox({});
    await expect.poll(groups, { timeout: 20_000 }).toEqual([]);
  });

  it("ends for want of memory, and not as if its browser had crashed, where a page takes all there is", { timeout: 60_000 }, async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    const { handle, connection } = sandbox;
    const request = StartWorkRequest.fromPartial({ runId: handle.runId, attempt: 1, spec: {}, playbookSource: greedy });
    await connection.agent.startWork(request);
    const said: (string | undefined)[] = [];
    const listening = (async () => {
      for await (const { frame } of connection.agentEvents.streamSandboxEvents({ after: 0 })) {
        if (frame?.$case !== "events") continue;
        said.push(...frame.value.events.map(({ payload }) => payload?.$case));
        await connection.agentEvents.acknowledgeSandboxEvents({ through: said.length });
      }
    })().catch(() => {});
    expect(await exited(sandbox)).toMatchObject({ cause: "OUT_OF_MEMORY" });
    await listening;
    expect(said).toContain("actionStarted");
    expect(said).not.toContain("outcomePublished");
    expect(await groups()).toEqual([]);
  });

  it("leaves none where its warden is killed, whatever group its next orchestrator is lent", async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    process.kill(sandbox.handle.pid, "SIGKILL");
    await room.provide().kill(sandbox.handle);
    expect(await groups()).toEqual([]);
  });

  it("leaves one where all are killed, and the next orchestrator removes it", async () => {
    await using sandbox = await room.start(providers[tier]());
    await ready(sandbox);
    await noteLentGroup(room.volume, lentGroup);
    process.kill(sandbox.handle.pid, "SIGKILL");
    const clear = async (volumeMark: string) =>
      await clearLeftovers({
        mark: volumeMark,
        socketFolder: room.sockets,
        lentGroups: await noteLentGroup(room.volume, undefined),
        workFolderOf: () => sandbox.handle.workFolder,
        isExpected: async () => false,
        onLeft: expect.fail,
      });
    await clear("ffffffff");
    expect(await groups()).toHaveLength(1);
    expect((await clear(mark)).controlGroups).toEqual({ found: 1, removed: 1 });
    expect(await groups()).toEqual([]);
  });
});

describe("a group that Clew is to make groups in", () => {
  it.runIf(mayMake !== undefined)("is tried, and nothing is left of that", async () => {
    expect(await demandControlGroups(path, mark)).toEqual(lentGroup);
    expect(await groups()).toEqual([]);
  });

  it("is refused with a reason where none can be made", async () => {
    const message = expect.stringMatching(/^CLEW_CGROUP: no control groups can be made there: .+ leave CLEW_CGROUP out: /s);
    await expect(demandControlGroups("/no\nname", mark)).rejects.toMatchObject({ name: "SettingsError", message });
  });

  it("is remembered with those that were before, the latest first", async () => {
    const [one, other] = ["/one", "/other"].map((folder): GroupFolders => ({ version: 2, folders: [folder] })) as [
      GroupFolders,
      GroupFolders,
    ];
    await using own = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
    expect(await noteLentGroup(own.volume, undefined)).toEqual([]);
    await noteLentGroup(own.volume, one);
    expect(await noteLentGroup(own.volume, other)).toEqual([other, one]);
    expect(await noteLentGroup(own.volume, one)).toEqual([one, other]);
    expect(await noteLentGroup(own.volume, undefined)).toEqual([one, other]);
  });
});
