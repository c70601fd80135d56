import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium } from "../../scripts/find-chromium.mjs";
import type { ServiceProcess } from "../../scripts/service-process.ts";
import { startService, withoutSettings } from "../../scripts/services.ts";

/** One service that may be killed, paused and started again at the same address. */
export interface Member {
  readonly name: "orchestrator" | "gateway";
  /** `host:port`, the same after every restart. */
  readonly address: string;
  /** The process that runs now, or ran last. */
  readonly process: ServiceProcess;
  /** Ends the process with a signal, waits until it is gone, and starts the next, from then on with these settings beside those it had. */
  restart(signal: "SIGKILL" | "SIGTERM", settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops the process in its tracks for so long; it notices nothing. */
  pause(ms: number): Promise<void>;
}

/** One orchestrator and any number of gateways, each a process that can be killed by itself. Dispose it: no process and no folder is left. */
export interface Fleet extends AsyncDisposable {
  readonly volume: string;
  /** Where sockets lie: empty when no sandbox lives. */
  readonly socketFolder: string;
  /** The temp folder of all its processes: empty when no sandbox lives. */
  readonly temp: string;
  readonly orchestrator: Member;
  readonly gateways: readonly [Member, ...Member[]];
  /** Stops all of it; the folders stay until it is disposed. */
  stop(): Promise<void>;
}

/** How to start a fleet. */
export interface FleetOptions {
  readonly gateways: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the gateways find the orchestrator, given where it is: something in between may be put there. */
  readonly between?: (orchestratorAddress: string) => Promise<string>;
  /** Gets every line the services write. */
  readonly onLine?: (service: string, line: string) => void;
}

/** Starts a fleet on free ports and a volume of its own. */
export async function startFleet({
  gateways,
  env: given = {},
  between = async (address) => address,
  onLine,
}: FleetOptions): Promise<Fleet> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "clew-fleet-"));
  undo.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const volume = join(folder, "volume");
  const socketFolder = await mkdtemp(join(tmpdir(), "clew-s-"));
  undo.defer(() => rm(socketFolder, { recursive: true, force: true, maxRetries: 3 }));
  const temp = join(folder, "temp");
  await mkdir(temp);
  const chromium = await findChromium();
  const env = {
    ...withoutSettings(process.env),
    UV_THREADPOOL_SIZE: "16",
    XDG_RUNTIME_DIR: socketFolder,
    TMPDIR: temp,
    CLEW_SERVICE_KEY: randomBytes(32).toString("base64url"),
    CLEW_LOG_LEVEL: "warn",
    CLEW_SANDBOX: "process",
    CLEW_PLAYBOOKS: "examples/playbooks",
    CLEW_ALLOWED_HOSTS: "127.0.0.1",
    ...(chromium === undefined ? {} : { CLEW_CHROMIUM: chromium.path }),
    ...given,
    CLEW_VOLUME: volume,
  };
  const members = new AsyncDisposableStack();
  undo.use(members);
  const member = async (name: Member["name"], address: string, more: Readonly<Record<string, string>>): Promise<Member> => {
    const setting = name === "orchestrator" ? "CLEW_ORCHESTRATOR_ADDRESS" : "CLEW_GATEWAY_ADDRESS";
    const own = { ...more };
    const start = (at: string) => startService(name, { ...env, ...own, [setting]: at }, onLine);
    let current = await start(address);
    const { address: fixed } = current;
    members.defer(async () => {
      // A paused process takes no signal but this one and SIGKILL.
      if (current.alive) process.kill(current.pid, "SIGCONT");
      await current.stop(name === "orchestrator" ? "SIGINT" : "SIGTERM", 90_000);
    });
    return {
      name,
      address: fixed,
      get process() {
        return current;
      },
      async restart(signal, settings = {}) {
        Object.assign(own, settings);
        await current.stop(signal, 30_000);
        current = await start(fixed);
      },
      async pause(ms) {
        const { pid } = current;
        process.kill(pid, "SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, ms));
        if (current.pid === pid && current.alive) process.kill(pid, "SIGCONT");
      },
    };
  };
  const orchestrator = await member("orchestrator", "127.0.0.1:0", {});
  const upstream = { CLEW_ORCHESTRATOR_ADDRESS: await between(orchestrator.address) };
  const first = await member("gateway", "127.0.0.1:0", upstream);
  const others: Member[] = [];
  while (others.length < gateways - 1) others.push(await member("gateway", "127.0.0.1:0", upstream));
  const all = undo.move();
  return {
    volume,
    socketFolder,
    temp,
    orchestrator,
    gateways: [first, ...others],
    stop: () => members.disposeAsync(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
