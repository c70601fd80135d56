import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import { readProcess } from "@clew/process/process-tree";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

describe("a run in a sandbox that bubblewrap encloses", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ CLEW_SANDBOX: "bubblewrap" });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  it("does its work through its one way out, says that it is isolated, and leaves its recordings", async () => {
    const { playbookSource, ...spec } = await system.cancelOrder();
    const popup = `  - { action: evaluate, params: { script: "open(location.href)" } }\n  - { action: screenshot }\n`;
    const source = `${playbookSource?.trimEnd()}\n${popup}`;
    const run = await system.clew.createRun({ ...spec, playbookSource: source, recording: { trace: true, video: true } });
    const isolations: string[] = [];
    for await (const event of run.events()) {
      if (event.type === "attemptStarted") isolations.push(event.attemptStarted.isolation);
      if (event.type === "sandboxReady") isolations.push(event.sandboxReady.isolation);
    }
    expect(isolations).toEqual(["bubblewrap", "bubblewrap"]);
    expect((await run.result()).outcome.data).toMatchObject({ confirmation: expect.stringContaining("Order 12345 was cancelled") });
    const names = (await run.artifacts()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["trace.zip", "video-1.webm", "video-2.webm", "console.ndjson", "manifest.json"]));
    await vi.waitFor(() => expect(sandboxProcesses(system.volume)).toEqual([]), { timeout: 10_000 });
  });

  it("leaves its browser, enclosed as it is, to a run that continues there with files of its own", async () => {
    const playbook = (steps: readonly object[]) => JSON.stringify({ id: "going-on", steps });
    const opening = playbook([{ action: "goto", params: { url: `${system.backOffice.url}/login` } }]);
    const parent = await system.clew.createRun(system.spec(opening, { keepAliveSeconds: 600 }));
    expect(await parent.result()).toMatchObject({ state: "COMPLETED" });
    const browser = sandboxProcess(system.volume, "browser");
    const { fileId } = await system.clew.uploadFile("list.csv", new Blob(["a,b"]));
    const looking = playbook([
      {
        action: "evaluate",
        params: { script: "const i = document.createElement('input'); i.type = 'file'; i.id = 'f'; document.body.append(i); return 1" },
      },
      { action: "upload", selector: "#f", params: { files: ["list.csv"] } },
      { action: "evaluate", params: { script: "return await document.querySelector('#f').files[0].text()" }, store_as: "text" },
    ]);
    const child = await system.clew.createRun(
      system.spec(looking, { continueFrom: parent.id, keepAliveSeconds: 600, files: [{ name: "list.csv", fileId }] }),
    );
    expect(await child.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { text: "a,b" } } });
    expect(sandboxProcess(system.volume, "browser")).toEqual(browser);
    await child.release();
    expect(sandboxProcesses(system.volume)).toEqual([]);
  });

  it("has processes that are not root, goes on under the next orchestrator when its own is killed, and ends when it is asked to stop", async () => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    for await (const event of run.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    const agent = sandboxProcess(system.volume, "agent");
    for (const { pid } of [agent, sandboxProcess(system.volume, "browser")])
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).not.toMatch(/^Uid:\t0\t/m);
    const before = await readSandboxFile(join(system.volume, "runs", run.id));
    expect(before?.isolation).toBe("bubblewrap");
    await system.restart(async () => {}, "kill");
    const adopted = await system.clew.getRun(run.id);
    expect(adopted).toMatchObject({ state: "RUNNING", attempt: 1 });
    expect(sandboxProcess(system.volume, "agent").pid).toBe(agent.pid);
    await system.clew.run(run.id).stop({ graceSeconds: 5 });
    await vi.waitFor(async () => expect((await system.clew.getRun(run.id)).state).toBe("TERMINATED"), { timeout: 30_000 });
    await vi.waitFor(() => expect(readProcess(before?.pid ?? 0)).toBeUndefined(), { timeout: 10_000 });
    expect(sandboxProcesses(system.volume)).toEqual([]);
  });
});
