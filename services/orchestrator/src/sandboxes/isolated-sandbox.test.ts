import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { type ProcessEntry, readProcess } from "@clew/process/process-tree";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SandboxHandle } from "./sandbox-provider.ts";
import { processesOf, SandboxRoom, socketFolder, until } from "./sandbox-room.fixture.ts";
import { exited, ready } from "./warden-events.fixture.ts";

let room: SandboxRoom;
beforeAll(async () => {
  room = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
});
afterAll(() => room[Symbol.asyncDispose]());

async function startIsolated(options: Parameters<SandboxRoom["provideIsolated"]>[0] = {}) {
  await using starting = new AsyncDisposableStack();
  const sandbox = starting.use(await room.start(room.provideIsolated(options)));
  expect(await ready(sandbox)).toMatchObject({ isolation: "bubblewrap" });
  starting.move();
  return sandbox;
}

/** Bubblewrap, which the warden started, and the agent and its browser, which see none of it. */
function principalsOf(handle: SandboxHandle): Record<"bubblewrap" | "agent" | "browser", number> {
  const processes = processesOf(handle);
  const named = (isMeant: (command: string, process: ProcessEntry) => boolean) =>
    processes.find((process) => isMeant(readFileSync(`/proc/${process.pid}/cmdline`, "utf8"), process))?.pid ?? expect.fail("not found");
  return {
    bubblewrap: named((_, { parentPid }) => parentPid === handle.pid),
    agent: named((command) => command.startsWith(process.execPath) && command.includes("sandbox-agent")),
    browser: named((command) => command.includes("--remote-debugging-pipe") && !command.includes("--type=")),
  };
}

describe("a sandbox in bubblewrap", { timeout: 60_000 }, () => {
  it("has processes of a user and namespaces of their own, an agent that works, and leaves nothing", async () => {
    await using sandbox = await startIsolated();
    const { handle, connection } = sandbox;
    const { agent, browser } = principalsOf(handle);
    for (const pid of [agent, browser]) {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      if (process.getuid?.() === 0) expect(status).toMatch(/^Uid:\t[1-4]\d{9}\t/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^NSpid:\t\d+\t\d+$/m);
    }
    expect((await stat(placesOf(handle.workFolder).agentOutbox)).uid).toBe(
      Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${agent}/status`, "utf8"))?.[1]),
    );
    const playbookSource = "id: nothing\nname: Nothing\nsteps:\n  - id: open\n    action: goto\n    url: about:blank\n";
    await connection.agent.startWork(StartWorkRequest.fromPartial({ runId: handle.runId, attempt: 1, spec: {}, playbookSource }));
    const said: (string | undefined)[] = [];
    for await (const { frame } of connection.agentEvents.streamSandboxEvents({ after: 0 })) {
      if (frame?.$case !== "events") continue;
      said.push(...frame.value.events.map(({ payload }) => payload?.$case));
      await connection.agentEvents.acknowledgeSandboxEvents({ through: said.length });
    }
    expect(said.filter((name) => name === "outcomePublished")).toHaveLength(1);
    await connection.warden.releaseSandbox({});
    expect(processesOf(handle)).toEqual([]);
    await until(() => readProcess(handle.pid) === undefined);
  });

  it.each(["bubblewrap", "agent"] as const)("ends whole and says so when its %s is killed", async (role) => {
    await using sandbox = await startIsolated();
    process.kill(principalsOf(sandbox.handle)[role], "SIGKILL");
    expect(await exited(sandbox)).toMatchObject({ signal: "SIGKILL", exitCode: undefined, cause: "" });
    expect(processesOf(sandbox.handle)).toEqual([]);
  });

  it("ends at once with its warden", async () => {
    await using sandbox = await startIsolated();
    const before = processesOf(sandbox.handle);
    expect(before.length).toBeGreaterThan(5);
    process.kill(sandbox.handle.pid, "SIGKILL");
    await until(() => before.every(({ pid, startTime }) => readProcess(pid)?.startTime !== startTime), 5_000);
  });

  it.each([
    ["OUT_OF_MEMORY", { memoryBytes: 100 * 2 ** 20 }],
    ["TOO_MANY_PROCESSES", { processes: 3 }],
  ])("is ended when it takes more of the machine than it may, and says what of: %s", async (cause, limit) => {
    const limits = { memoryBytes: 4 * 2 ** 30, processes: 256, diskBytes: 2 ** 30, ...limit };
    await using sandbox = await room.start(room.provideIsolated({ limits }));
    expect(await exited(sandbox)).toMatchObject({ signal: "SIGKILL", cause });
    expect(processesOf(sandbox.handle)).toEqual([]);
  });

  it.each(["inside the sockets' folder", "deeper than a path may be long"])("is ended for what lies %s", async (where) => {
    const limits = { memoryBytes: 4 * 2 ** 30, processes: 256, diskBytes: 64 * 2 ** 20 };
    await using sandbox = await room.start(room.provideIsolated({ limits }));
    await ready(sandbox);
    const { handle } = sandbox;
    const [folder, depth] = where.startsWith("inside")
      ? [join(socketFolder(handle), "inside"), 0]
      : [placesOf(handle.workFolder).agent, 40];
    const fill = `const fs = require("node:fs");
      for (let deep = 0; deep < ${depth}; deep++) { fs.mkdirSync("n".repeat(200)); process.chdir("n".repeat(200)); }
      fs.writeFileSync("x", Buffer.alloc(65 * 2 ** 20, 1));`;
    execFileSync(process.execPath, ["-e", fill], { cwd: folder });
    expect(await exited(sandbox)).toMatchObject({ signal: "SIGKILL", cause: "DISK_FULL" });
    expect(processesOf(handle)).toEqual([]);
  });
});
