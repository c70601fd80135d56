import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findPrograms } from "@clew/orchestrator/sandboxes/find-programs";
import { checkFree } from "./check-free.ts";
import { compiledCode } from "./compile-code.mjs";
import { findChromium } from "./find-chromium.mjs";
import { type LineSink, parseLogLine, ServiceProcess } from "./service-process.ts";
import { SupervisedService } from "./supervised-service.ts";

/** How to start the services; ports of 0 are free ones. */
export interface ServicesOptions {
  /** The folder of the journals. */
  readonly volume: string;
  /** `host:port`; `127.0.0.1` and a free port unless given. */
  readonly gatewayAddress?: string;
  /** `host:port`; `127.0.0.1` and a free port unless given. */
  readonly orchestratorAddress?: string;
  /** More of the environment, such as CLEW_API_KEYS. */
  readonly env?: Readonly<Record<string, string>>;
  /** The environment underneath; this process's own, without its CLEW_ settings, unless given. */
  readonly inherited?: NodeJS.ProcessEnv;
  /** Gets every line the services write. */
  readonly onLine?: LineSink;
  /** Told in a sentence when a service ended by itself, and when it runs again. */
  readonly onTrouble?: (sentence: string) => void;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** What stopping the services waits for, each in milliseconds. */
const gatewayStopMs = 20_000;
/** Finalizing a run may take a minute; then there is what comes before and after it. */
const orchestratorStopMs = 90_000;

/** The services of one volume, each in a process of its own that is started again when it ends by itself. Dispose stops every run and both services, and leaves no process. */
export class Services implements AsyncDisposable {
  readonly orchestrator: SupervisedService;
  readonly gateway: SupervisedService;

  constructor(orchestrator: SupervisedService, gateway: SupervisedService) {
    this.orchestrator = orchestrator;
    this.gateway = gateway;
  }

  /** Where clients call: `http://127.0.0.1:8080`. */
  get url(): string {
    return `http://${this.gateway.address}`;
  }

  /** Resolves with the first service that ended too often to be started again, or was stopped. */
  async firstEnd(): Promise<SupervisedService> {
    const of = (service: SupervisedService) => service.ended.then(() => service);
    return await Promise.race([of(this.orchestrator), of(this.gateway)]);
  }

  /** Stops the gateway, then every run and the orchestrator; bounded. */
  async stop(): Promise<void> {
    await this.gateway.stop("SIGTERM", gatewayStopMs);
    await this.orchestrator.stop("SIGINT", orchestratorStopMs);
  }

  /** Stops both and leaves the runs to the next orchestrator on the volume; bounded. */
  async handOver(): Promise<void> {
    await Promise.all([this.gateway.stop("SIGTERM", gatewayStopMs), this.orchestrator.stop("SIGTERM", gatewayStopMs)]);
  }

  /** Kills both at once. */
  kill(): void {
    this.gateway.kill();
    this.orchestrator.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts the orchestrator, then the gateway on it, and waits until both listen.
 *
 * @throws ServiceStartError where one cannot start, naming the setting to change for a port that is taken, or where the signal aborts; nothing runs then.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { gatewayAddress = "127.0.0.1:0", orchestratorAddress = "127.0.0.1:0", onLine, onTrouble, signal } = options;
  const volume = resolve(options.volume);
  await checkFree({ service: "gateway", setting: "CLEW_GATEWAY_ADDRESS", address: gatewayAddress, volume });
  await checkFree({ service: "orchestrator", setting: "CLEW_ORCHESTRATOR_ADDRESS", address: orchestratorAddress, volume });
  const chromium = await findChromium();
  const env: NodeJS.ProcessEnv = {
    UV_THREADPOOL_SIZE: "16",
    NODE_COMPILE_CACHE: compiledCode,
    CLEW_SERVICE_KEY: randomBytes(32).toString("base64url"),
    ...(chromium === undefined ? {} : { CLEW_CHROMIUM: chromium.path }),
    ...(options.inherited ?? withoutSettings(process.env)),
    ...options.env,
    CLEW_VOLUME: volume,
  };
  const supervise = (name: "orchestrator" | "gateway", address: string, settings: (address: string) => NodeJS.ProcessEnv) =>
    SupervisedService.start({
      start: (at, given) => startService(name, { ...env, ...settings(at) }, onLine, given),
      address,
      signal,
      onTrouble,
    });
  // It keeps runs away from both.
  const kept = { CLEW_GATEWAY_ADDRESS: gatewayAddress };
  const orchestrator = await supervise("orchestrator", orchestratorAddress, (at) => ({ ...kept, CLEW_ORCHESTRATOR_ADDRESS: at }));
  try {
    const upstream = { CLEW_ORCHESTRATOR_ADDRESS: orchestrator.address };
    return new Services(
      orchestrator,
      await supervise("gateway", gatewayAddress, (address) => ({ ...upstream, CLEW_GATEWAY_ADDRESS: address })),
    );
  } catch (error) {
    await orchestrator.stop("SIGINT", orchestratorStopMs);
    throw error;
  }
}

/** Starts one service by its name, with exactly this environment; `signal` gives the start up. */
export function startService(
  name: "orchestrator" | "gateway",
  env: NodeJS.ProcessEnv,
  onLine?: LineSink,
  signal?: AbortSignal,
): Promise<ServiceProcess> {
  const main = findPrograms(root)(`services/${name}/src/main.ts`);
  const wanted = levels.get(env.CLEW_LOG_LEVEL ?? "info") ?? info;
  // Where it listens is said at info: a quieter log is made quiet here.
  const loud = wanted > info;
  const heard: LineSink = (service, line) => {
    if (!loud || (parseLogLine(line)?.level ?? wanted) >= wanted) onLine?.(service, line);
  };
  return ServiceProcess.start({ name, main, env: loud ? { ...env, CLEW_LOG_LEVEL: "info" } : env, onLine: heard, signal });
}

/** The numbers that log lines have for the levels. */
const info = 30;
const levels: ReadonlyMap<string, number> = new Map([
  ["trace", 10],
  ["debug", 20],
  ["info", info],
  ["warn", 40],
  ["error", 50],
  ["fatal", 60],
  ["silent", Number.POSITIVE_INFINITY],
]);

/** The environment without what configures Clew: what stands on its own ports and volume must not be led elsewhere by it. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("CLEW_") || name === "CLEW_CHROMIUM"));
}
