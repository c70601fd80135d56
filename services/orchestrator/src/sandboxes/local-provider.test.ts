import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { connectGrpc } from "@clew/grpc/client";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { readOutboxFile } from "@clew/outbox/read-outbox-file";
import { placesOf } from "@clew/outbox/work-folder";
import { readProcess } from "@clew/process/process-tree";
import { SandboxEventServiceService, StartWorkRequest, WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deriveChannelSecrets } from "./channel-secrets.ts";
import { connectSandbox } from "./sandbox-connection.ts";
import type { SandboxHandle } from "./sandbox-provider.ts";
import { mark, processesOf, SandboxRoom, type StartedSandbox, secret, socketFolder, until } from "./sandbox-room.fixture.ts";
import { socketPaths } from "./socket-folder.ts";
import { exited, ready } from "./warden-events.fixture.ts";

let room: SandboxRoom;
beforeAll(async () => {
  room = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
});
afterAll(() => room[Symbol.asyncDispose]());

/** The agent, and the browser's first process: the one it started. */
function principalsOf(handle: SandboxHandle): { agent: number; browser: number } {
  const processes = processesOf(handle);
  const agent = processes.find(({ parentPid }) => parentPid === handle.pid);
  const browser = processes.find(({ parentPid }) => parentPid === agent?.pid);
  if (agent === undefined || browser === undefined) throw new Error("the sandbox's processes are not as expected");
  return { agent: agent.pid, browser: browser.pid };
}

describe("a sandbox", { timeout: 60_000 }, () => {
  it("gets ready, is found again, does its work, and leaves nothing when it is released", async () => {
    await using sandbox = await room.start();
    const { provider, handle, runFolder, connection } = sandbox;
    expect(await ready(sandbox)).toMatchObject({ isolation: "process", browser: expect.stringMatching(/^Chromium \d/) });
    expect(await room.provide().find(runFolder)).toEqual(handle);
    expect(dirname(socketFolder(handle))).toBe(room.sockets);
    expect(dirname(dirname(handle.agentAddress.slice("unix:".length)))).toBe(socketFolder(handle));
    expect(await provider.isAlive(handle)).toBe(true);
    expect(await connection.warden.getSandbox({})).toMatchObject({ runId: handle.runId, attempt: 1, alive: true });

    const playbookSource = "id: nothing\nname: Nothing\nsteps:\n  - id: open\n    action: goto\n    url: about:blank\n";
    const request = StartWorkRequest.fromPartial({ runId: handle.runId, attempt: 1, spec: {}, playbookSource });
    await Promise.all([connection.agent.startWork(request), connection.agent.startWork(request)]);
    await expect(connection.agent.startWork({ ...request, attempt: 2 })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
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
    expect(existsSync(handle.workFolder)).toBe(false);
    expect(existsSync(socketFolder(handle))).toBe(false);
    await provider.remove(handle);
    expect(await readdir(runFolder)).toEqual([]);
    expect(await provider.find(runFolder)).toBeUndefined();
  });

  it("whose agent is killed says so, and no process of it is left", async () => {
    await using sandbox = await room.start();
    await ready(sandbox);
    const { handle } = sandbox;
    process.kill(principalsOf(handle).agent, "SIGKILL");
    expect(await exited(sandbox)).toMatchObject({ signal: "SIGKILL", exitCode: undefined, cause: "" });
    expect(processesOf(handle)).toEqual([]);
    expect(await sandbox.connection.warden.getSandbox({})).toMatchObject({ alive: false, remainingMs: 0 });
    expect(await readOutboxFile(join(handle.workFolder, "warden.outbox"))).toMatchObject({ complete: true });
  });

  it("whose browser is killed before its work begins exits, and no process of it is left", async () => {
    await using sandbox = await room.start();
    await ready(sandbox);
    process.kill(principalsOf(sandbox.handle).browser, "SIGKILL");
    expect(await exited(sandbox)).toMatchObject({ signal: "", exitCode: 1, cause: "" });
    expect(processesOf(sandbox.handle)).toEqual([]);
  });

  it("whose warden is killed ends by itself", async () => {
    await using sandbox = await room.start();
    await ready(sandbox);
    const { handle, provider } = sandbox;
    const before = processesOf(handle);
    expect(before.length).toBeGreaterThan(3);
    process.kill(handle.pid, "SIGKILL");
    await until(() => processesOf(handle).length === 0);
    // Also those that are no longer known by any mark, because all that led to them is gone.
    await until(() => before.every(({ pid, startTime }) => readProcess(pid)?.startTime !== startTime), 2_000);
    expect(await provider.isAlive(handle)).toBe(false);
  });

  it("whose warden is stopped and does not answer is ended by the provider", async () => {
    await using sandbox = await room.start();
    await ready(sandbox);
    const { handle, provider } = sandbox;
    for (const { pid } of processesOf(handle)) process.kill(pid, "SIGSTOP");
    process.kill(handle.pid, "SIGSTOP");
    await provider.kill(handle);
    expect(processesOf(handle)).toEqual([]);
    await until(() => readProcess(handle.pid) === undefined);
    expect(existsSync(socketFolder(handle))).toBe(false);
    expect(existsSync(join(handle.workFolder, "warden.outbox"))).toBe(true);
  });

  it("is ended by its warden at the deadline", async () => {
    await using sandbox = await room.start();
    await ready(sandbox);
    await sandbox.connection.warden.setDeadline({ remainingMs: 50 });
    expect(await exited(sandbox)).toMatchObject({ signal: "SIGKILL", cause: "DEADLINE" });
    expect(processesOf(sandbox.handle)).toEqual([]);
  });

  it("that is not ready in time is ended by its warden", async () => {
    await using sandbox = await room.start(room.provide({ startTimeoutMs: 100 }));
    expect(await exited(sandbox)).toMatchObject({ cause: "START_TIMEOUT" });
    expect(processesOf(sandbox.handle)).toEqual([]);
  });

  it("whose browser cannot be started exits and says so", async () => {
    await using sandbox = await room.start(room.provide({ chromium: { executablePath: "/nowhere/chromium", sandbox: true } }));
    expect(await exited(sandbox)).toMatchObject({ exitCode: 1, cause: "" });
  });

  it("without an orchestrator for the grace time ends and leaves nothing", async () => {
    await using sandbox = await room.start(room.provide({ adoptionGraceMs: 1_500 }));
    const { handle } = sandbox;
    await until(() => readProcess(handle.pid) === undefined, 20_000);
    expect(processesOf(handle)).toEqual([]);
    expect(existsSync(handle.workFolder)).toBe(false);
    expect(existsSync(socketFolder(handle))).toBe(false);
  });

  it("whose warden gets SIGTERM ends, and leaves what it said to be read", async () => {
    await using sandbox = await room.start();
    await ready(sandbox);
    const { handle } = sandbox;
    process.kill(handle.pid, "SIGTERM");
    await until(() => readProcess(handle.pid) === undefined);
    expect(processesOf(handle)).toEqual([]);
    expect(existsSync(socketFolder(handle))).toBe(false);
    const { events, complete } = await readOutboxFile(join(handle.workFolder, "warden.outbox"));
    expect(events.map(({ payload }) => payload?.$case)).toEqual(["sandboxReady", "sandboxExited"]);
    expect(complete).toBe(true);
  });
});

describe("a ready sandbox", { timeout: 60_000 }, () => {
  let sandbox: StartedSandbox;
  beforeAll(async () => {
    const path = join(room.volume, "given.txt");
    await writeFile(path, "given");
    sandbox = await room.start(room.provide(), 60_000, [{ name: "a.txt", path }]);
    await ready(sandbox);
  }, 60_000);
  afterAll(() => sandbox[Symbol.asyncDispose]());

  it("has the files of its run, to be read only", async () => {
    const given = join(placesOf(sandbox.handle.workFolder).inputs, "a.txt");
    expect(await readFile(given, "utf8")).toBe("given");
    expect((await stat(given)).mode & 0o777).toBe(0o400);
  });

  it("proves itself, and believes nobody without the secret", async () => {
    const { handle } = sandbox;
    await using stranger = connectSandbox(handle, "another secret of sixteen characters");
    const refused = { reason: "CHANNEL_REFUSED" };
    await expect(stranger.warden.killSandbox({ cause: "KILLED" })).rejects.toMatchObject(refused);
    await expect(stranger.agent.stopWork({ graceMs: 0 })).rejects.toMatchObject(refused);
    await expect(stranger.agentEvents.streamSandboxEvents({ after: 0 })[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
    // What the agent knows opens its own door only.
    using agentAtWarden = connectGrpc(
      WardenServiceService,
      handle.wardenAddress,
      channelCredentials(deriveChannelSecrets(secret).agent).client,
    );
    await expect(agentAtWarden.releaseSandbox({})).rejects.toMatchObject(refused);
    expect(await sandbox.connection.warden.getSandbox({})).toMatchObject({ alive: true });

    const address = `unix:${join(room.volume, "impostor")}`;
    const event = { sequence: 1, summary: "believe me" };
    await using _ = await startGrpcServer({
      address,
      services: [
        implement(SandboxEventServiceService, {
          acknowledgeSandboxEvents: async () => ({}),
          async *streamSandboxEvents() {
            yield { frame: { $case: "events", value: { events: [event] } } };
          },
        }),
      ],
    });
    await using deceived = connectSandbox({ ...handle, agentAddress: address }, secret);
    await expect(deceived.agentEvents.acknowledgeSandboxEvents({ through: 1 })).rejects.toMatchObject(refused);
    await expect(deceived.agentEvents.streamSandboxEvents({ after: 0 })[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
  });

  it("gives out the plain files of its folder, and nothing by any other name", async () => {
    const { warden } = sandbox.connection;
    const files = placesOf(sandbox.handle.workFolder).files;
    const content = Buffer.alloc(150_000, "0123456789");
    await writeFile(join(files, "trace.zip"), content);
    await symlink("/etc/passwd", join(files, "link"));
    await mkdir(join(files, "folder"));
    const read = async (name: string, offset = 0) => {
      const chunks: Buffer[] = [];
      for await (const { chunk } of warden.readWorkFile({ name, offset })) chunks.push(Buffer.from(chunk));
      expect(chunks.every(({ length }) => length <= 64 * 1024)).toBe(true);
      return Buffer.concat(chunks);
    };
    expect((await read("trace.zip")).equals(content)).toBe(true);
    expect((await read("trace.zip", 149_995)).toString()).toBe("56789");
    expect(await read("trace.zip", 150_001)).toHaveLength(0);
    for (const name of ["link", "folder", "missing"]) await expect(read(name)).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
    for (const name of ["../warden.log", "..", ".", ".hidden", "", "a/b", "/etc/passwd"]) {
      await expect(read(name)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    }
    for (const offset of [-1, 0.5, Number.NaN])
      await expect(read("trace.zip", offset)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    // The folder was opened before the work began: putting another in its place gives nothing away.
    await rm(files, { recursive: true });
    await symlink("/etc", files);
    await expect(read("passwd")).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
  });

  it("is killed for the first cause given, once", async () => {
    const { warden } = sandbox.connection;
    await Promise.all([warden.killSandbox({ cause: "KILLED" }), warden.killSandbox({ cause: "KILLED" })]);
    expect(processesOf(sandbox.handle)).toEqual([]);
    await warden.killSandbox({ cause: "AGAIN" });
    expect(await exited(sandbox)).toMatchObject({ signal: "SIGKILL", cause: "KILLED" });
  });
});

describe("a provider", { timeout: 60_000 }, () => {
  const plan = (name: string) => ({ runId: `run-${name}`, attempt: 1, runFolder: join(room.volume, name), deadlineMs: 60_000 });

  it("[weakness 20, 48] leaves a sandbox that is on record to whoever comes next where its start is given up", async () => {
    const giveUp = new AbortController();
    const { runFolder } = plan("given-up");
    const starting = room.provide().start(plan("given-up"), { signal: giveUp.signal });
    starting.catch(() => {});
    await until(() => existsSync(join(runFolder, "sandbox.json")));
    giveUp.abort(new Error("given up"));
    await expect(starting).rejects.toThrow("given up");
    const provider = room.provide();
    const handle = await provider.find(runFolder);
    if (handle === undefined) throw new Error("no sandbox is on record");
    expect(await provider.isAlive(handle)).toBe(true);
    await provider.kill(handle);
    await provider.remove(handle);
    expect(await readdir(runFolder)).toEqual([]);
  });

  it("clears what a start that was cut short left, whatever there is of it", async () => {
    const cut = plan("cut-short");
    const workFolder = join(cut.runFolder, "work-1");
    const { folder } = socketPaths(room.sockets, { mark, ...cut });
    await mkdir(workFolder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(workFolder, "warden.log"), "");
    for (let time = 0; time < 2; time++) await room.provide().clear(cut);
    expect(await readdir(cut.runFolder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("leaves no warden where nobody is left to give it its settings", async () => {
    const warden = spawn(process.execPath, [join(resolve(import.meta.dirname, "../../../.."), "packages/warden/src/main.ts")], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    warden.stdin.end();
    const [code] = await once(warden, "exit");
    expect(code).not.toBe(0);
  });

  it("leaves nothing when the warden cannot be started", async () => {
    const failed = { reason: "SANDBOX_START_FAILED" };
    await expect(room.provide({ node: "/nowhere/node" }).start(plan("no-node"), {})).rejects.toMatchObject(failed);
    await expect(room.provide({ wardenPath: "/nowhere/main.ts" }).start(plan("no-warden"), {})).rejects.toMatchObject(failed);
    expect(await readdir(join(room.volume, "no-node"))).toEqual([]);
    expect(await readdir(join(room.volume, "no-warden"))).toEqual([]);
  });

  it("refuses a folder whose sockets could not be bound", async () => {
    const socketFolder = join(room.volume, "x".repeat(100));
    await mkdir(socketFolder);
    await expect(room.provide({ socketFolder }).start(plan("long"), {})).rejects.toMatchObject({ reason: "SANDBOX_START_FAILED" });
    expect(await readdir(socketFolder)).toEqual([]);
  });

  it("takes no process of another boot or another start for its sandbox", async () => {
    const entry = readProcess(process.pid);
    const handle: SandboxHandle = {
      runId: "run-other",
      attempt: 1,
      isolation: "process",
      wardenAddress: `unix:${join(room.volume, "other", "warden")}`,
      agentAddress: `unix:${join(room.volume, "other", "agent")}`,
      workFolder: join(room.volume, "other", "work-1"),
      pid: process.pid,
      startTime: entry?.startTime ?? "",
      bootId: "another boot",
    };
    expect(await room.provide().isAlive(handle)).toBe(false);
    await room.provide().kill(handle);
    await room.provide().remove({ ...handle, startTime: "1" });
  });
});
