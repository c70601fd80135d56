import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clew, createClew, type RunSpec } from "@clew/client";
import { ServiceProcess } from "../../scripts/service-process.ts";
import { startService, withoutSettings } from "../../scripts/services.ts";
import { tempFolder } from "./temp-folder.ts";

/** An orchestrator whose sandboxes ask people, and a gateway on it. Dispose it: no process and no folder is left. */
export interface AskingSystem extends AsyncDisposable {
  readonly clew: Clew;
  readonly url: string;
  readonly volume: string;
  readonly orchestratorAddress: string;
  /** A run that asks all this, one question after the other. */
  spec(asks: readonly string[], more?: Partial<RunSpec>): RunSpec;
  /** Kills the orchestrator, changes what is on the volume, and starts the next. */
  killOrchestrator(between?: () => Promise<void>): Promise<void>;
}

const source = "id: asks\nsteps:\n  - { action: goto, params: { url: 'http://asks.example/' } }\n";
const main = fileURLToPath(new URL("asking-orchestrator.ts", import.meta.url));

/** Starts it on free ports and a volume of its own. */
export async function startAskingSystem(more: Readonly<Record<string, string>> = {}): Promise<AskingSystem> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const volume = join(folder.path, "volume");
  const env = {
    ...withoutSettings(process.env),
    XDG_RUNTIME_DIR: folder.path,
    CLEW_SERVICE_KEY: randomBytes(32).toString("base64url"),
    // Nothing browses here; it need only be a file.
    CLEW_CHROMIUM: process.execPath,
    CLEW_LOG_LEVEL: "info",
    CLEW_SANDBOX: "process",
    ...more,
    CLEW_VOLUME: volume,
  };
  const start = (address: string) =>
    ServiceProcess.start({ name: "orchestrator", main, env: { ...env, CLEW_ORCHESTRATOR_ADDRESS: address } });
  let orchestrator = await start("127.0.0.1:0");
  const { address } = orchestrator;
  undo.defer(async () => {
    await orchestrator.stop("SIGINT", 30_000);
    await rm(volume, { recursive: true, force: true, maxRetries: 3 });
  });
  const gateway = undo.use(
    await startService("gateway", { ...env, CLEW_GATEWAY_ADDRESS: "127.0.0.1:0", CLEW_ORCHESTRATOR_ADDRESS: address }),
  );
  const url = `http://${gateway.address}`;
  const all = undo.move();
  return {
    clew: createClew({ url }),
    url,
    volume,
    orchestratorAddress: address,
    spec: (asks, given = {}) => ({ playbookSource: source, waitForPersonSeconds: 60, labels: { asks: asks.join(".") }, ...given }),
    async killOrchestrator(between = async () => {}) {
      await orchestrator.stop("SIGKILL");
      await between();
      orchestrator = await start(address);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
