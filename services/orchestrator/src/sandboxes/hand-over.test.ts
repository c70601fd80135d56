import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHandOver } from "./hand-over.ts";
import { connectSandbox } from "./sandbox-connection.ts";
import { SandboxLauncher } from "./sandbox-launcher.ts";
import type { SandboxPlan } from "./sandbox-provider.ts";
import { SandboxRoom, secret } from "./sandbox-room.fixture.ts";
import { ready } from "./warden-events.fixture.ts";

let room: SandboxRoom;
beforeAll(async () => {
  room = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
});
afterAll(() => room[Symbol.asyncDispose]());

const nothing = "id: nothing\nsteps:\n  - { action: evaluate, params: { script: return 1 } }\n";

/** The types of what works in a sandbox says, to its run's outcome. */
async function work(connection: ReturnType<typeof connectSandbox>, runId: string, attempt: number): Promise<string[]> {
  await connection.agent.startWork(
    StartWorkRequest.fromPartial({ runId, attempt, spec: { keepAliveSeconds: 60 }, playbookSource: nothing }),
  );
  const said: string[] = [];
  for await (const { frame } of connection.agentEvents.streamSandboxEvents({ after: 0 })) {
    if (frame?.$case !== "events") continue;
    said.push(...frame.value.events.map(({ payload }) => payload?.$case ?? ""));
    await connection.agentEvents.acknowledgeSandboxEvents({ through: said.length });
  }
  return said;
}

it("gives a sandbox once more to a run whose orchestrator ended before it had that on record", { timeout: 60_000 }, async () => {
  const sharedFolder = join(room.volume, "warm");
  const options = room.options({ sharedFolder });
  const provider = room.provide({ sharedFolder });
  const handOver = createHandOver(options, new SandboxLauncher(options));
  const planOf = async (runId: string, attempt: number): Promise<SandboxPlan> => {
    const runFolder = join(room.volume, "runs", runId);
    await mkdir(runFolder, { recursive: true });
    return { runId, attempt, runFolder, deadlineMs: 60_000, mayBeKept: true };
  };
  const [parent, child] = ["1", "2"].map((digit) => `run-${digit.repeat(32)}`) as [string, string];
  const handle = await provider.start(await planOf(parent, 1), {});
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await provider.kill(handle);
    await provider.remove(handle);
    await rm(sharedFolder, { recursive: true, force: true });
  });
  await using connection = connectSandbox(handle, secret);
  await ready({ connection });
  expect(await work(connection, parent, 1)).toContain("outcomePublished");
  expect(await connection.agent.keepBrowser({})).toMatchObject({ kept: true });
  await connection.warden.keepSandbox({ keepMs: 60_000, stay: 1 });

  await handOver.take(handle, await planOf(child, 1));
  const again = await handOver.take(handle, await planOf(child, 2));
  expect(again.handle).toMatchObject({ runId: child, attempt: 2, stay: 2 });
  await expect(handOver.take(handle, await planOf(child, 1))).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  expect(await work(connection, child, 2)).toEqual(expect.arrayContaining(["runStarted", "outcomePublished"]));
});
