import type { LineSink, ServiceProcess } from "../../scripts/service-process.ts";
import { startService, withoutSettings } from "../../scripts/services.ts";
import { type Core, pin } from "./cores.ts";

/** What a gateway may be started with besides. */
export interface GatewayExtras {
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: LineSink;
}

/** Starts a gateway on an orchestrator and holds it on a core, if one is given; on the port it is given, or any. */
export async function startGateway(
  orchestratorAddress: string,
  core?: Core,
  port = 0,
  extras: GatewayExtras = {},
): Promise<ServiceProcess> {
  const settings = {
    UV_THREADPOOL_SIZE: "16",
    CLEW_ORCHESTRATOR_ADDRESS: orchestratorAddress,
    CLEW_GATEWAY_ADDRESS: `127.0.0.1:${port}`,
    CLEW_LOG_LEVEL: "warn",
  };
  const gateway = await startService("gateway", { ...withoutSettings(process.env), ...settings, ...extras.env }, extras.onLine ?? complain);
  if (core !== undefined) await pin(gateway.pid, core);
  return gateway;
}

/** The port of an address. */
export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Passes on what a process says beside that it listens. */
export function complain(name: string, line: string): void {
  if (!line.includes('"listening"')) process.stderr.write(`${name}: ${line}\n`);
}
