import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSpec } from "@clew/client";
import { type Clew, createClew } from "@clew/client";
import { type BackOffice, startBackOffice } from "../../examples/back-office/src/back-office.ts";
import type { LineSink } from "../../scripts/service-process.ts";
import { type Services, startServices } from "../../scripts/services.ts";

/** The three services and the example back office, on ports and a volume of their own. */
export interface System extends AsyncDisposable {
  readonly backOffice: BackOffice;
  readonly volume: string;
  readonly clew: Clew;
  readonly url: string;
  readonly orchestratorAddress: string;
  /** The first of CLEW_API_KEYS, where there are any. */
  readonly key?: string;
  readonly services: Services;
  /** The spec of a playbook's text, allowed to reach the back office; without a trace, which takes a seventh more of a run, unless it asks for one. */
  spec(playbookSource: string, more?: Partial<RunSpec>): RunSpec;
  /** The spec that cancels an order of the back office. */
  cancelOrder(orderId?: string, more?: Partial<RunSpec>): Promise<RunSpec>;
  /** Stops the services, or kills them; changes what is on the volume; and starts them again on the same volume. */
  restart(between?: () => Promise<void>, how?: "stop" | "kill"): Promise<void>;
}

/** Sandboxes that isolate are tested where that is what a test is about: these begin sooner, and on every machine. */
const usual: Readonly<Record<string, string>> = { CLEW_LOG_LEVEL: "warn", CLEW_PLAYBOOKS: "examples/playbooks", CLEW_SANDBOX: "process" };

/**
 * Starts a whole system; `onLine` gets every line its services write. A CLEW_POLICY is written to a file of settings, where alone it may stand: whoever
 * has several tenants needs one that opens the back office. Dispose it: services, back office and volume go.
 */
export async function startSystem(env: Readonly<Record<string, string>> = {}, onLine?: LineSink): Promise<System> {
  const volume = env["CLEW_VOLUME"] ?? (await mkdtemp(join(tmpdir(), "clew-test-")));
  const { CLEW_POLICY: policy, ...variables } = { ...usual, ...env };
  const file = join(volume, "settings.yaml");
  if (policy !== undefined) await writeFile(file, `CLEW_POLICY: ${policy}\n`);
  const given = { ...variables, ...(policy !== undefined && { CLEW_CONFIG: file }) };
  const start = () => startServices({ volume, env: given, ...(onLine && { onLine }) });
  let services = await start();
  const backOffice = await startBackOffice();
  const { host } = new URL(backOffice.url);
  const key = env["CLEW_API_KEYS"]?.split(",")[0]?.split(":").at(-1);
  const system: System = {
    backOffice,
    volume,
    ...(key === undefined ? {} : { key }),
    get clew() {
      return createClew({ url: services.url, ...(key === undefined ? {} : { key }) });
    },
    get url() {
      return services.url;
    },
    get orchestratorAddress() {
      return services.orchestrator.address;
    },
    get services() {
      return services;
    },
    spec: (playbookSource, more = {}) => ({
      playbookSource,
      guardrails: { allowedPrivateHosts: [host] },
      recording: { trace: false },
      ...more,
    }),
    async cancelOrder(orderId = "12345", more = {}) {
      const source = await readFile("examples/playbooks/cancel-order.yaml", "utf8");
      return system.spec(source, { params: { order_id: orderId, base_url: backOffice.url }, ...more });
    },
    async restart(between = async () => {}, how = "stop") {
      if (how === "kill") {
        services.kill();
        await Promise.all([services.orchestrator.ended, services.gateway.ended]);
      } else {
        await services.stop();
      }
      await between();
      services = await start();
    },
    async [Symbol.asyncDispose]() {
      await services.stop();
      await backOffice[Symbol.asyncDispose]();
      await rm(volume, { recursive: true, force: true });
    },
  };
  return system;
}

/** A playbook that opens the login page and then waits for what never comes, at most a minute. */
export function waitingPlaybook(baseUrl: string): string {
  return `id: waiting
steps:
  - { action: goto, params: { url: "${baseUrl}/login" } }
  - { action: wait_for, selector: "#never", params: { timeout_ms: 60000 }, on_failure: abort }
`;
}
