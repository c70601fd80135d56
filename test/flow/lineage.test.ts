import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent, RunHandle, RunSpec } from "@clew/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { contentsOf } from "../../services/sandbox-agent/src/recording/zip.fixture.ts";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

const longMs = 240_000;
const waitMs = 60_000;

describe("a run that goes on from another", () => {
  let system: System;
  let logins: number;
  beforeAll(async () => {
    system = await startSystem({ CLEW_STATE_KEY: "a passphrase of the test", CLEW_MAX_CONCURRENT_RUNS: "2" });
  }, longMs);
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    logins = system.backOffice.logins.length;
  });

  const playbook = (id: string, steps: readonly object[], more: object = {}) => JSON.stringify({ id, ...more, steps });
  const create = (source: string, more: Partial<RunSpec> = {}) => system.clew.createRun(system.spec(source, more));
  const reading = (more: object = {}) => playbook("reading", [{ action: "extract", selector: "h1", store_as: "heading" }], more);
  const credentials = { username: "demo", password: "demo" };
  /** Opens the login page and fills it in, but does not send it. */
  const filling = (user: object = { text: "demo" }, url = system.backOffice.url) =>
    playbook("filling", [
      { action: "goto", params: { url: `${url}/login` } },
      { action: "key_press", selector: 'input[name="username"]', params: user },
      { action: "key_press", selector: 'input[type="password"]', params: { text: "demo" } },
      { action: "evaluate", params: { script: "sessionStorage.setItem('thread', 'of Ariadne'); return 1" } },
    ]);
  const looking = () =>
    playbook("looking", [
      { action: "evaluate", params: { script: "return sessionStorage.getItem('thread')" }, store_as: "thread" },
      { action: "evaluate", params: { script: "return document.querySelector('input[name=username]').value" }, store_as: "typed" },
      // A trace holds the page where a step does something to it.
      { action: "hover", selector: 'role=button[name="Log in"]' },
    ]);
  const sending = () =>
    playbook("sending", [
      { action: "click", selector: 'role=button[name="Log in"]', verify: { expect_url_contains: "/orders" } },
      { action: "extract", selector: "h1", store_as: "heading" },
    ]);
  /** A run that has ended and keeps its sandbox. */
  const kept = async (keepAliveSeconds = 600, more: Partial<RunSpec> = {}) => {
    const run = await create(filling(), { keepAliveSeconds, ...more });
    expect(await run.result()).toMatchObject({ state: "COMPLETED" });
    return run;
  };
  const eventsOf = async (run: { events(): AsyncIterable<RunEvent> }) => await Array.fromAsync(run.events());
  /** What the files of a run hold, by name; those of an archive under that one's. */
  const filesOf = async (run: RunHandle) => {
    const held = new Map<string, string>();
    for (const { name } of await run.artifacts()) {
      const blob = await (await run.artifact(name)).blob();
      const bytes = Buffer.from(new Uint8Array(await blob.arrayBuffer()));
      const parts = name.endsWith(".zip") ? await contentsOf(bytes) : [];
      for (const [part, content] of parts) held.set(`${name}/${part}`, `${part} ${content.toString("latin1")}`);
      held.set(name, bytes.toString("latin1"));
    }
    return held;
  };
  const continueFrom = (parent: { readonly id: string }, source = sending()) => create(source, { continueFrom: parent.id });
  const noneIsLeft = () =>
    vi.waitFor(
      () => {
        expect(sandboxProcesses(system.volume)).toEqual([]);
        expect(readdirSync(join(system.volume, "warm"))).toEqual([]);
      },
      { timeout: waitMs, interval: 100 },
    );

  it("is logged in where it is forked, at the page where that was, as are others, until that lets go of it", async () => {
    const auth = { mode: "form_login", login_url: `${system.backOffice.url}/login`, success: { url_contains: "/orders" } };
    const parent = await create(reading({ auth }), { credentials, keepAliveSeconds: 0 });
    expect(await parent.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } } });
    expect(system.backOffice.logins).toHaveLength(logins + 1);

    const forks = await Promise.all([1, 2].map(() => create(reading(), { forkFrom: parent.id })));
    const ends = await Promise.all([forks[0]?.result(), forks[1]?.result()]);
    for (const end of ends)
      expect(end).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } }, run: { parentRun: parent.id } });
    expect(system.backOffice.logins).toHaveLength(logins + 1);
    const children = await Array.fromAsync(system.clew.listRuns({ parentRun: parent.id }));
    expect(children.map(({ id }) => id).sort()).toEqual(forks.map(({ id }) => id).sort());

    const left = () => readdir(join(system.volume, "runs", parent.id));
    expect(await left()).toContain("session");
    await parent.release();
    await parent.release();
    expect(await left()).not.toContain("session");
    await expect(create(reading(), { forkFrom: parent.id })).rejects.toMatchObject({ reason: "PARENT_GONE" });
  }, 240_000);

  it("continues in its browser, and another in that one's: what was typed there is sent; what was secret stays so; it goes with its browser", async () => {
    const parent = await create(filling({ credential_ref: "username" }), {
      credentials: { username: "demo-Minos" },
      keepAliveSeconds: 600,
    });
    const told = await eventsOf(parent);
    expect(told.at(-1)).toMatchObject({ type: "runFinished", runFinished: { run: { state: "COMPLETED" } } });
    expect(told.filter(({ type }) => type === "sandboxKept" || type === "sandboxExited").map(({ type }) => type)).toEqual(["sandboxKept"]);
    const browser = sandboxProcess(system.volume, "browser");
    const spec = system.spec(looking(), { continueFrom: parent.id, keepAliveSeconds: 600, recording: { trace: true } });
    expect((await system.clew.dryRun(spec)).checks).toContainEqual(expect.objectContaining({ name: "lineage", passed: true }));

    const child = await system.clew.createRun(spec);
    const events = await eventsOf(child);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
    expect(events.at(-1)).toMatchObject({
      runFinished: { run: { state: "COMPLETED", parentRun: parent.id, outcome: { data: { thread: "of Ariadne", typed: "[redacted]" } } } },
    });
    expect(JSON.stringify(events)).not.toContain("demo-Minos");
    const left = await filesOf(child);
    expect([...left.keys()]).toEqual(
      expect.arrayContaining(["egress.json", "network.ndjson", "trace.zip", "trace.zip/trace.trace", "trace.zip/trace.network"]),
    );
    expect(left.get("trace.zip/trace.trace")).toContain("frame-snapshot");
    expect([...left].filter(([, text]) => text.includes("demo-Minos")).map(([name]) => name)).toEqual([]);
    expect(sandboxProcess(system.volume, "browser")).toEqual(browser);

    const click = playbook("sending", [{ action: "click", selector: 'role=button[name="Log in"]' }]);
    const sent = await create(click, { continueFrom: child.id, keepAliveSeconds: 600 });
    expect(await sent.result()).toMatchObject({ state: "COMPLETED", run: { parentRun: child.id } });
    expect(system.backOffice.logins.slice(logins)).toMatchObject([{ user: "demo-Minos", accepted: false }]);
    await expect(continueFrom(child)).rejects.toMatchObject({ reason: "PARENT_GONE" });
    process.kill(browser.pid, "SIGKILL");
    await noneIsLeft();
    await expect(continueFrom(sent)).rejects.toMatchObject({ reason: "PARENT_GONE" });
    await system.clew.deleteRun(sent.id);
  }, 240_000);

  it("finds no sandbox once its time is over, and may be forked still", async () => {
    const parent = await kept(1);
    await noneIsLeft();
    await expect(continueFrom(parent)).rejects.toMatchObject({ reason: "PARENT_GONE", message: expect.stringContaining("forkFrom") });
    const fork = await create(looking(), { forkFrom: parent.id });
    expect(await fork.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { thread: "null", typed: "" } } });
  }, 240_000);

  it("gives way to runs that wait, the oldest first, and is let go of", async () => {
    const [older, newer] = [await kept(), await kept()];
    const other = await create(reading({ start_url: `${system.backOffice.url}/login` }));
    expect(await other.result()).toMatchObject({ state: "COMPLETED" });
    await expect(continueFrom(older)).rejects.toMatchObject({ reason: "PARENT_GONE" });
    const child = await create(sending(), { continueFrom: newer.id, keepAliveSeconds: 600 });
    expect(await child.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } } });
    await child.release();
    expect(sandboxProcesses(system.volume)).toEqual([]);
    await expect(continueFrom(child)).rejects.toMatchObject({ reason: "PARENT_GONE" });
  }, 240_000);

  it("goes by its own guardrails, and begins on no page that they forbid", async () => {
    const url = system.backOffice.url.replace("127.0.0.1", "localhost");
    const parent = await system.clew.createRun({
      playbookSource: filling({ text: "demo" }, url),
      guardrails: { allowPrivateNetworks: true },
      keepAliveSeconds: 600,
    });
    expect(await parent.result()).toMatchObject({ state: "COMPLETED" });
    const child = await system.clew.createRun({ playbookSource: sending(), continueFrom: parent.id });
    expect(await child.result()).toMatchObject({ state: "FAILED", outcome: { error: { reason: "GUARDRAIL_BLOCKED" } } });
    expect(system.backOffice.logins).toHaveLength(logins);
    await noneIsLeft();
  }, 240_000);

  it("has its parent's sandbox for itself, is found by the next orchestrator, and can be stopped there; what only waited waits on", async () => {
    const [parent, waiting] = [await kept(), await kept()];
    const child = await continueFrom(parent, waitingPlaybook(system.backOffice.url));
    for await (const event of child.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    await expect(continueFrom(parent)).rejects.toMatchObject({ reason: "PARENT_BUSY", message: expect.stringContaining(child.id) });
    await system.restart(undefined, "kill");
    expect((await system.clew.run(child.id).get()).state).toBe("RUNNING");
    const later = await continueFrom(waiting);
    expect(await later.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } } });
    await system.clew.run(child.id).stop({ graceSeconds: 5 });
    expect(await system.clew.run(child.id).result()).toMatchObject({ state: "TERMINATED" });
    await noneIsLeft();
  }, 240_000);
});
