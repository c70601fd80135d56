import { fileURLToPath } from "node:url";
import { ServiceProcess } from "../../scripts/service-process.ts";
import { withoutSettings } from "../../scripts/services.ts";
import type { Load } from "../path/load.ts";
import { type Core, pin } from "./cores.ts";
import { complain } from "./gateway.ts";

/** Starts an orchestrator on a volume, as it is but that its sandboxes hold no browser: their work is a load. On the port it is given, or any. */
export async function startProducingOrchestrator(volume: string, core?: Core, port = 0): Promise<ServiceProcess> {
  const env = {
    UV_THREADPOOL_SIZE: "16",
    CLEW_VOLUME: volume,
    CLEW_ORCHESTRATOR_ADDRESS: `127.0.0.1:${port}`,
    CLEW_CHROMIUM: process.execPath,
    CLEW_SANDBOX: "process",
    CLEW_ADOPTION_GRACE: "20s",
    CLEW_LOG_LEVEL: "warn",
  };
  const main = fileURLToPath(new URL("../path/orchestrator.ts", import.meta.url));
  const orchestrator = await ServiceProcess.start({
    name: "orchestrator",
    main,
    env: { ...withoutSettings(process.env), ...env },
    onLine: complain,
  });
  if (core !== undefined) await pin(orchestrator.pid, core);
  return orchestrator;
}

const playbookSource = "id: load\nsteps:\n  - { action: extract, selector: h1, store_as: heading }\n";

/** Creates a run whose sandbox says a load; answers its id. */
export async function createLoadRun(gatewayAddress: string, load: Load, signal: AbortSignal): Promise<string> {
  const labels = Object.fromEntries(Object.entries(load).map(([name, value]) => [name, String(value)]));
  const created = await fetch(`http://${gatewayAddress}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ playbookSource, labels }),
    signal,
  });
  if (!created.ok) throw new Error(`The run was not created: ${await created.text()}`);
  const { id }: { readonly id: string } = await created.json();
  return id;
}
