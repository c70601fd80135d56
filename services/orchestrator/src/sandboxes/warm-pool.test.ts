import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { readOutboxFile } from "@clew/outbox/read-outbox-file";
import { placesOf } from "@clew/outbox/work-folder";
import { createLogger } from "@clew/process/logger";
import { findProcesses, readProcess } from "@clew/process/process-tree";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { OutcomePublished } from "@clew/proto/grpc/clew/run/v1/run_event";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLocalProvider } from "./local-provider.ts";
import { formatSandboxId } from "./sandbox-id.ts";
import { SandboxLauncher } from "./sandbox-launcher.ts";
import type { SandboxHandle } from "./sandbox-provider.ts";
import { mark, processesOf, SandboxRoom, secret, until } from "./sandbox-room.fixture.ts";
import { ready } from "./warden-events.fixture.ts";
import { WarmPool, type WarmPoolOptions } from "./warm-pool.ts";

let room: SandboxRoom;
beforeAll(async () => {
  room = await SandboxRoom.open(process.env.CLEW_CHROMIUM);
});
afterAll(() => room[Symbol.asyncDispose]());

const longMs = 60_000;
const folder = () => join(room.volume, "warm");
const namesThere = async () => (existsSync(folder()) ? await readdir(folder()) : []);

/** The processes of a sandbox that is nobody's, its warden aside. */
const processesNamed = (name: string) => findProcesses({ id: formatSandboxId({ mark, warm: name }), folder: join(folder(), name) });

interface Pooled extends AsyncDisposable {
  readonly pool: WarmPool;
  readonly provider: ReturnType<typeof createLocalProvider>;
  /** Starts the sandbox of a new run. */
  start(inputs?: { readonly name: string; readonly path: string }[], allowedPrivateHosts?: string[]): Promise<SandboxHandle>;
}

/** A pool and its provider, with a slot for each sandbox that waits at first: each run takes one. Dispose it to end all that they started. */
function openPool(given: Partial<WarmPoolOptions> & { readonly options?: Parameters<SandboxRoom["options"]>[0] } = {}): Pooled {
  const options = room.options(given.options);
  const launcher = new SandboxLauncher(options);
  const handles: SandboxHandle[] = [];
  const bounds = { least: 1, most: 1, memoryBytes: 2 ** 40, ageMs: 600_000, ...given.bounds };
  const pool = new WarmPool({
    launcher,
    secretOf: () => secret,
    folder: folder(),
    freeSlots: () => Math.max(0, bounds.most - handles.length),
    runBytes: 1,
    log: createLogger({ name: "test", level: "silent" }),
    ...given,
    bounds,
  });
  pool.open();
  const provider = createLocalProvider(options, launcher, pool);
  return {
    pool,
    provider,
    async start(inputs = [], allowedPrivateHosts = []) {
      const runId = `run-${crypto.randomUUID().replaceAll("-", "")}`;
      const runFolder = join(room.volume, "runs", runId);
      await mkdir(runFolder, { recursive: true });
      const egress = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false, allowedPrivateHosts };
      const handle = await provider.start({ runId, attempt: 1, runFolder, deadlineMs: 60_000, inputs, egress }, {});
      handles.push(handle);
      return handle;
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      for (const handle of handles) {
        await provider.kill(handle);
        await provider.remove(handle);
      }
    },
  };
}

/** A site that is asked for pages, and notes which. */
async function startSite() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.setHeader("content-type", "text/html").end('<link rel="icon" href="data:,">');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    asked,
    host: `127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const untilReady = ({ pool }: Pooled, count = 1) => until(() => pool.size.ready >= count, longMs);

describe("a warm sandbox", { timeout: 120_000 }, () => {
  it("is nobody's until one run claims it, is that run's alone, and leaves nothing", async () => {
    await using pooled = openPool();
    await untilReady(pooled);
    const [name = ""] = await namesThere();
    const path = join(room.volume, "given.txt");
    await writeFile(path, "given");
    // Nobody is told what happened while there was nobody.
    expect((await readOutboxFile(placesOf(join(folder(), name)).wardenOutbox)).events).toEqual([]);

    const [one, other] = await Promise.all([pooled.start([{ name: "a.txt", path }]), pooled.start()]);
    const [warm, cold] = one.warm === undefined ? [other, one] : [one, other];
    expect(warm.warm?.name).toBe(name);
    expect(cold.warm).toBeUndefined();
    expect(await pooled.provider.find(warm.warm?.runFolder ?? "")).toEqual(warm);
    await using connection = pooled.provider.connect(warm);
    expect(await connection.warden.getSandbox({})).toMatchObject({ runId: warm.runId, attempt: 1, alive: true });
    expect(await ready({ connection })).toMatchObject({ warm: true, browser: expect.stringMatching(/^Chromium \d/) });
    if (warm === one) {
      const given = join(placesOf(warm.workFolder).inputs, "a.txt");
      expect(await readFile(given, "utf8")).toBe("given");
      expect((await stat(given)).mode & 0o777).toBe(0o400);
    }

    const claim = (runId: string) => ({ claim: JSON.stringify({ runId, attempt: 1, deadlineMs: 60_000 }) });
    await expect(connection.warden.claimSandbox(claim("run-another"))).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await connection.warden.claimSandbox(claim(warm.runId));
    await expect(connection.warden.claimSandbox({ claim: "{}" })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });

    await connection.warden.releaseSandbox({});
    await pooled.provider.remove(warm);
    expect(processesOf(warm)).toEqual([]);
    expect(existsSync(warm.workFolder)).toBe(false);
    expect(await readdir(warm.warm?.runFolder ?? "")).toEqual([]);
  });

  it("whose warden was killed, or does not answer, is passed over: the run's own is started", async () => {
    let freeSlots = 2;
    await using pooled = openPool({ bounds: { least: 2, most: 2, memoryBytes: 2 ** 40, ageMs: 600_000 }, freeSlots: () => freeSlots });
    await untilReady(pooled, 2);
    const names = await namesThere();
    const wardens = names.map((name) => readProcess(processesNamed(name).find(({ parentPid }) => parentPid > 1)?.parentPid ?? 0)?.pid ?? 0);
    const [killed = 0, stopped = 0] = wardens;
    process.kill(stopped, "SIGSTOP");
    process.kill(killed, "SIGKILL");
    const handle = await pooled.start();
    freeSlots = 0;
    expect(names).not.toContain(handle.warm?.name);
    await using connection = pooled.provider.connect(handle);
    await ready({ connection });
    await until(() => [killed, stopped].every((pid) => readProcess(pid) === undefined), longMs);
  });

  it("that nobody claims in time is replaced, and gives way where there is no room", async () => {
    let freeSlots = 1;
    await using pooled = openPool({ bounds: { least: 1, most: 1, memoryBytes: 2 ** 40, ageMs: 30_000 }, freeSlots: () => freeSlots });
    await untilReady(pooled);
    const [first = ""] = await namesThere();
    freeSlots = 0;
    await until(() => pooled.pool.size.waiting === 0);
    await until(() => !existsSync(join(folder(), first)), longMs);
    expect(processesNamed(first)).toEqual([]);
    freeSlots = 1;
    await untilReady(pooled);
    expect(await namesThere()).not.toContain(first);
  });

  it("ends by itself where its orchestrator is gone", async () => {
    await using pooled = openPool({ options: { adoptionGraceMs: 2_000 }, bounds: { least: 0, most: 0, memoryBytes: 1, ageMs: 1 } });
    const launcher = new SandboxLauncher(room.options({ adoptionGraceMs: 2_000 }));
    const orphan = await launcher.launch({ name: { warm: "0f" }, workFolder: join(folder(), "0f") }, undefined);
    await until(() => readProcess(orphan.pid) === undefined, longMs);
    expect(processesNamed("0f")).toEqual([]);
    expect(existsSync(orphan.workFolder)).toBe(false);
    expect(pooled.pool.size.waiting).toBe(0);
  });

  it("in bubblewrap has the run's files, and does its work where the run may go, in a page that knows of nothing before", async () => {
    await using site = await startSite();
    await using forbidden = await startSite();
    await using pooled = openPool({ options: room.isolated() });
    await untilReady(pooled);
    const [name = ""] = await namesThere();
    // What it does for itself before anybody comes is over, and left nothing.
    const { agent, wardenOutbox } = placesOf(join(folder(), name));
    await until(() => existsSync(join(agent, "rehearsal")), longMs);
    await until(() => !existsSync(join(agent, "rehearsal")), longMs);
    expect((await readOutboxFile(wardenOutbox)).events).toEqual([]);
    const path = join(room.volume, "given.txt");
    await writeFile(path, "given");
    const handle = await pooled.start([{ name: "a.txt", path }], [site.host]);
    await using connection = pooled.provider.connect(handle);
    expect(await ready({ connection })).toMatchObject({ warm: true, isolation: "bubblewrap" });
    const { inputs, agentOutbox } = placesOf(handle.workFolder);
    expect((await stat(join(inputs, "a.txt"))).uid).toBe((await stat(agentOutbox)).uid);
    const playbookSource = `id: look
steps:
  - { action: goto, params: { url: "http://${site.host}/" } }
  - { action: evaluate, params: { script: 'return await fetch("http://${forbidden.host}/").then(() => "reached", () => "kept away")' }, store_as: way }
`;
    const spec = { guardrails: { allowedPrivateHosts: [site.host] } };
    const work = StartWorkRequest.fromPartial({ runId: handle.runId, attempt: 1, spec, playbookSource });
    await connection.agent.startWork(work);
    await expect(connection.agent.startWork({ ...work, runId: "run-another" })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    let said = 0;
    let published: OutcomePublished | undefined;
    for await (const { frame } of connection.agentEvents.streamSandboxEvents({ after: 0 })) {
      for (const { payload } of frame?.$case === "events" ? frame.value.events : []) {
        said++;
        if (payload?.$case === "outcomePublished") published = payload.value;
      }
      await connection.agentEvents.acknowledgeSandboxEvents({ through: said });
    }
    expect(published).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { way: "kept away" } } });
    expect([site.asked, forbidden.asked]).toEqual([["/"], []]);
  });
});

it("leaves nothing of all that", async () => {
  expect(await namesThere()).toEqual([]);
  expect(await readdir(room.sockets)).toEqual([]);
});
