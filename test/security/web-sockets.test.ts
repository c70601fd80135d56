import type { RunEvent, RunSpec } from "@clew/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Canary, startCanary } from "../support/canary.ts";
import { type System, startSystem } from "../support/system.ts";

let system: System;
let canary: Canary;
beforeAll(async () => {
  system = await startSystem();
  canary = await startCanary();
});
afterAll(async () => {
  await canary[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

/** Opens a WebSocket to each, from a page, and from a worker of it, and waits until all are closed. */
const opening = (addresses: readonly string[]) => `
  const open = "(address) => new Promise((done) => { new WebSocket(address).onclose = done; })";
  const inWorker = (address) => new Promise((done) => {
    const code = "(" + open + ")('" + address + "/of-a-worker').then(() => postMessage(1))";
    new Worker(URL.createObjectURL(new Blob([code]))).onmessage = done;
  });
  for (const address of ${JSON.stringify(addresses)}) await Promise.all([eval(open)(address), inWorker(address)]);
  return "tried";`;

it.each<[string, string, RunSpec["guardrails"]]>([
  ["is blocked", "blocked_domains", { blockedDomains: ["localhost"] }],
  ["the run is not for", "allowed_domains", { allowedDomains: ["127.0.0.1"] }],
])(
  "[weakness 25] a page's WebSocket reaches the host that the run is for, and none that %s, though both are one machine",
  async (_, rule, guardrails) => {
    const heard = canary.heard.length;
    const steps = [
      { action: "goto", params: { url: `${system.backOffice.url}/login` } },
      {
        action: "evaluate",
        params: { script: opening([`ws://localhost:${canary.port}/denied`, `ws://${canary.host}/reached`]) },
        store_as: "came",
      },
    ];
    const allowedPrivateHosts = [new URL(system.backOffice.url).host, canary.host, `localhost:${canary.port}`];
    const run = await system.clew.createRun({
      playbookSource: JSON.stringify({ id: "sockets", steps }),
      guardrails: { allowedPrivateHosts, ...guardrails },
    });
    const events: RunEvent[] = await Array.fromAsync(run.events());
    expect(await run.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { came: "tried" } } });
    expect(canary.heard.slice(heard).sort()).toEqual(["GET /reached HTTP/1.1", "GET /reached/of-a-worker HTTP/1.1"]);
    expect(events.flatMap((event) => (event.type === "egressDenied" ? [event.egressDenied] : []))).toMatchObject([
      { host: "localhost", port: canary.port, rule },
    ]);
  },
);
