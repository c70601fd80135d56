import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { addressSchema, formatAddress } from "@clew/process/address";
import { findChromium } from "./find-chromium.mjs";
import { type LineSink, parseLogLine, ServiceProcess, ServiceStartError } from "./service-process.ts";

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
}

/** What stopping the services waits for, each in milliseconds. */
const gatewayStopMs = 20_000;
/** Finalizing a run may take a minute; then there is what comes before and after it. */
const orchestratorStopMs = 90_000;

/** The services of one volume, each in a process of its own. Dispose stops every run and both services, and leaves no process. */
export class Services implements AsyncDisposable {
  readonly orchestrator: ServiceProcess;
  readonly gateway: ServiceProcess;

  constructor(orchestrator: ServiceProcess, gateway: ServiceProcess) {
    this.orchestrator = orchestrator;
    this.gateway = gateway;
  }

  /** Where clients call: `http://127.0.0.1:8080`. */
  get url(): string {
    return `http://${this.gateway.address}`;
  }

  /** Resolves with the first service that ends, whoever ended it. */
  async firstExit(): Promise<ServiceProcess> {
    const of = (service: ServiceProcess) => service.exited.then(() => service);
    return await Promise.race([of(this.orchestrator), of(this.gateway)]);
  }

  /** Stops the gateway, then every run and the orchestrator; bounded. */
  async stop(): Promise<void> {
    await this.gateway.stop("SIGTERM", gatewayStopMs);
    await this.orchestrator.stop("SIGINT", orchestratorStopMs);
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
 * @throws ServiceStartError where one cannot start, naming the setting to change for a port that is taken; nothing runs then.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { volume, gatewayAddress = "127.0.0.1:0", orchestratorAddress = "127.0.0.1:0" } = options;
  await checkFree("orchestrator", "CLEW_ORCHESTRATOR_ADDRESS", orchestratorAddress);
  await checkFree("gateway", "CLEW_GATEWAY_ADDRESS", gatewayAddress);
  const chromium = await findChromium();
  const env: NodeJS.ProcessEnv = {
    UV_THREADPOOL_SIZE: "16",
    CLEW_SERVICE_KEY: randomBytes(32).toString("base64url"),
    ...(chromium === undefined ? {} : { CLEW_CHROMIUM: chromium.path }),
    ...(options.inherited ?? withoutSettings(process.env)),
    ...options.env,
    CLEW_VOLUME: resolve(volume),
  };
  const orchestrator = await startService("orchestrator", { ...env, CLEW_ORCHESTRATOR_ADDRESS: orchestratorAddress }, options.onLine);
  try {
    const addresses = { CLEW_ORCHESTRATOR_ADDRESS: orchestrator.address, CLEW_GATEWAY_ADDRESS: gatewayAddress };
    return new Services(orchestrator, await startService("gateway", { ...env, ...addresses }, options.onLine));
  } catch (error) {
    await orchestrator.stop("SIGINT", orchestratorStopMs);
    throw error;
  }
}

/** Starts one service by its name, with exactly this environment. */
export function startService(name: "orchestrator" | "gateway", env: NodeJS.ProcessEnv, onLine?: LineSink): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../services/${name}/src/main.ts`, import.meta.url));
  const wanted = levels.get(env.CLEW_LOG_LEVEL ?? "info") ?? info;
  // Where it listens is said at info: a quieter log is made quiet here.
  const loud = wanted > info;
  const heard: LineSink = (service, line) => {
    if (!loud || (parseLogLine(line)?.level ?? wanted) >= wanted) onLine?.(service, line);
  };
  return ServiceProcess.start({ name, main, env: loud ? { ...env, CLEW_LOG_LEVEL: "info" } : env, onLine: heard });
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

/** Tries the port before the service does, to name the setting that changes it. */
async function checkFree(name: string, setting: string, address: string): Promise<void> {
  const parsed = addressSchema.safeParse(address).data;
  // What is no address is refused by the service itself.
  if (parsed?.kind !== "tcp" || parsed.port === 0) return;
  const { host, port } = parsed;
  const probe = createServer();
  try {
    probe.listen({ host, port });
    await once(probe, "listening");
    probe.close();
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const why = taken ? `port ${port} is taken` : "its address cannot be used";
    throw new ServiceStartError(
      `The ${name} cannot listen on ${address}: ${why}. Set ${setting} to another, such as ${setting}=${formatAddress({ ...parsed, port: (port + 1_000) % 65_536 || 8_080 })}.`,
    );
  }
}
