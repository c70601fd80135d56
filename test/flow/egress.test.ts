import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Canary, startCanary } from "../support/canary.ts";
import { type System, startSystem } from "../support/system.ts";

/** What `egress.json` holds. */
interface Ledger {
  readonly complete: boolean;
  readonly entries: readonly {
    readonly host: string;
    readonly port: number;
    readonly rule: string;
    readonly bytesReceived: number;
    readonly firstTime: string;
  }[];
}

describe("a run's way out", () => {
  let system: System;
  let canary: Canary;
  beforeAll(async () => {
    canary = await startCanary();
    system = await startSystem();
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await canary[Symbol.asyncDispose]();
  });

  const steps = (hosts: readonly string[]) => `steps:
  - { action: goto, params: { url: "${system.backOffice.url}/login" } }
  - action: evaluate
    params: { script: 'return await Promise.all(${JSON.stringify(hosts)}.map((host) => fetch("http://" + host + "/out", { mode: "no-cors" }).then(() => "sent", () => "failed")))' }
`;

  it("leads to what the run names and nowhere else; denials are told, and the record has all of it", async () => {
    const run = await system.clew.createRun(system.spec(steps([canary.host, `localhost:${canary.port}`, canary.host])));
    const denied: unknown[] = [];
    const exits: { readonly egressBytes?: number | undefined; readonly usage?: object | undefined }[] = [];
    for await (const event of run.events()) {
      if (event.type === "egressDenied") denied.push({ ...event.egressDenied });
      if (event.type === "sandboxExited") exits.push(event.sandboxExited);
    }
    expect(denied).toMatchObject([
      { host: "127.0.0.1", port: canary.port, rule: "private_network" },
      { host: "localhost", port: canary.port, rule: "private_network" },
    ]);
    expect(canary.heard).toEqual([]);
    expect((await run.result()).state).toBe("COMPLETED");
    const ledger: Ledger = await (await run.artifact("egress.json")).json();
    expect(ledger.complete).toBe(true);
    const { port } = new URL(system.backOffice.url);
    expect(ledger.entries).toContainEqual(expect.objectContaining({ host: "127.0.0.1", port: Number(port), rule: "" }));
    expect(ledger.entries).toContainEqual(
      expect.objectContaining({ host: "127.0.0.1", port: canary.port, rule: "private_network", connections: 2, bytesReceived: 0 }),
    );
    const bytes = ledger.entries.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
    expect(bytes).toBeGreaterThan(500);
    const { usage } = await system.clew.getRun(run.id);
    expect(usage?.egressBytes).toBeGreaterThan(bytes);
    // The warden knows of no steps, so it says nothing of them.
    expect(exits.map((exit) => exit.egressBytes)).toEqual([usage?.egressBytes]);
    expect(exits.map((exit) => exit.usage)).toEqual([undefined]);
  });

  it("does not lead to Clew itself, whatever a run allows", async () => {
    const port = system.orchestratorAddress.split(":").at(-1);
    const spec = system.spec(steps([`127.0.0.1:${port}`, `[::1]:${port}`, canary.host]));
    const run = await system.clew.createRun({ ...spec, guardrails: { allowPrivateNetworks: true } });
    const rules: string[] = [];
    for await (const event of run.events()) if (event.type === "egressDenied") rules.push(event.egressDenied.rule);
    expect(rules).toEqual(["own_service", "own_service"]);
    expect(canary.heard).toEqual(["GET /out HTTP/1.1"]);
    const named = { allowPrivateNetworks: true, allowedPrivateHosts: [system.orchestratorAddress] };
    await expect(system.clew.createRun({ ...spec, guardrails: named })).rejects.toMatchObject({ reason: "POLICY_EXCEEDED" });
  });

  it("of a run that cannot reach its page is why the run fails, in the system's words", async () => {
    const gone = await startCanary();
    await gone[Symbol.asyncDispose]();
    const spec = system.spec(`steps: [{ action: goto, params: { url: "http://${gone.host}/" }, on_failure: abort }]`);
    const run = await system.clew.createRun({ ...spec, guardrails: { allowPrivateNetworks: true } });
    const { outcome } = await run.result();
    expect(outcome.error?.message).toContain("could not be opened (ECONNREFUSED)");
  });
});
