import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { contentsOf } from "@clew/sandbox-agent/recording/zip.fixture";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sandboxProcess } from "../support/sandbox-processes.ts";
import { type System, startSystem } from "../support/system.ts";

/** Shows its heading after the time of a trace's first part. */
const slow = `<title>Slow</title><script>console.log("said before the end"); setTimeout(() => document.write("<h1>There</h1>"), 11_000)</script>`;

describe("a run whose agent is killed", () => {
  let system: System;
  let site: Server;
  let url = "";
  beforeAll(async () => {
    site = createServer((_, response) => response.setHeader("content-type", "text/html").end(slow)).listen(0, "127.0.0.1");
    await once(site, "listening");
    url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    system = await startSystem();
  });
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
    site?.closeAllConnections();
    site?.close();
  });

  it("has its trace up to the last part, and its logs", async () => {
    const source = `id: killed
steps:
  - { action: goto, params: { url: "${url}" } }
  - { action: wait_for, selector: h1, params: { timeout_ms: 30000 } }
  - { action: wait_for, selector: "#never", params: { timeout_ms: 60000 }, on_failure: abort }
`;
    const run = await system.clew.createRun(
      system.spec(source, { guardrails: { allowedPrivateHosts: [new URL(url).host] }, recording: {} }),
    );
    const files = join(system.volume, "runs", run.id, "work-1", "agent", "files");
    await vi.waitFor(async () => expect(await readdir(files)).toContain("trace-1.zip"), { timeout: 60_000, interval: 200 });
    process.kill(sandboxProcess(system.volume, "agent").pid, "SIGKILL");
    const { state, outcome } = await run.result();
    expect([state, outcome.error?.reason]).toEqual(["FAILED", "SANDBOX_LOST"]);

    const artifacts = await run.artifacts();
    expect(artifacts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "trace-1.zip", kind: "TRACE" }),
        expect.objectContaining({ name: "console.ndjson", kind: "LOG" }),
        expect.objectContaining({ name: "network.ndjson", kind: "LOG" }),
      ]),
    );
    expect(await (await run.artifact("console.ndjson")).text()).toContain("said before the end");
    const trace = await contentsOf(Buffer.from(await (await run.artifact("trace-1.zip")).arrayBuffer()));
    expect(trace.get("trace.trace")?.toString()).toContain('"method":"goto"');
    expect(trace.get("trace.network")?.toString()).toContain(url);
  });
});
