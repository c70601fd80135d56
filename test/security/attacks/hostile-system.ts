import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clew, createClew, type RunSpec } from "@clew/client";
import { ServiceProcess } from "../../../scripts/service-process.ts";
import { startService, withoutSettings } from "../../../scripts/services.ts";
import type { TempFolder } from "../../support/temp-folder.ts";
import type { Tier } from "./attack.ts";
import type { Targets } from "./inside/targets.ts";

/** An orchestrator whose sandboxes somebody has taken over, and a gateway on it. Dispose it: no process is left. */
export interface HostileSystem extends AsyncDisposable {
  readonly clew: Clew;
  readonly volume: string;
  readonly orchestratorPort: number;
  readonly gatewayPort: number;
}

const portOf = (address: string) => Number(address.split(":").at(-1));

/** Starts it, with the marker in the orchestrator's environment and a sandbox's bounds small enough to be reached. */
export async function startHostileSystem(tier: Tier, { path }: TempFolder, marker: string): Promise<HostileSystem> {
  await using undo = new AsyncDisposableStack();
  const volume = join(path, `volume-${tier}`);
  const env = {
    ...withoutSettings(process.env),
    XDG_RUNTIME_DIR: path,
    HOST_SECRET: marker,
    CLEW_SERVICE_KEY: randomBytes(32).toString("base64url"),
    // Nothing browses here; it need only be a file.
    CLEW_CHROMIUM: process.execPath,
    CLEW_LOG_LEVEL: "info",
    CLEW_SANDBOX: tier,
    CLEW_SANDBOX_MEMORY: "400MiB",
    CLEW_SANDBOX_PROCESSES: "40",
    CLEW_SANDBOX_DISK: "64MiB",
    CLEW_MAX_CONCURRENT_RUNS: "3",
    CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0",
    CLEW_VOLUME: volume,
  };
  const main = fileURLToPath(new URL("hostile-orchestrator.ts", import.meta.url));
  const orchestrator = await ServiceProcess.start({ name: "orchestrator", main, env });
  undo.defer(async () => {
    await orchestrator.stop("SIGINT", 30_000);
    await rm(volume, { recursive: true, force: true, maxRetries: 3 });
  });
  const { address } = orchestrator;
  const gateway = undo.use(
    await startService("gateway", { ...env, CLEW_GATEWAY_ADDRESS: "127.0.0.1:0", CLEW_ORCHESTRATOR_ADDRESS: address }),
  );
  const all = undo.move();
  return {
    clew: createClew({ url: `http://${gateway.address}` }),
    volume,
    orchestratorPort: portOf(address),
    gatewayPort: portOf(gateway.address),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The spec of a run whose sandbox aims at all this; `does` is a bomb, or to wait. */
export function hostileSpec(targets: Targets, does = ""): RunSpec {
  const steps = "steps:\n  - { action: goto, params: { url: 'https://example.com/' } }\n";
  const told = { ...targets, marker: [...targets.marker].reverse().join("") };
  return { playbookSource: `#${JSON.stringify(told)}\n${steps}`, labels: { does }, timeoutSeconds: 60 };
}
