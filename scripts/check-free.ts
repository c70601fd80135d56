import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Address, addressSchema, formatAddress } from "@clew/process/address";
import { readProcess } from "@clew/process/process-tree";
import { ServiceStartError } from "./service-process.ts";

/** A service that is about to listen. */
export interface Listener {
  readonly service: "orchestrator" | "gateway";
  /** The setting that says where. */
  readonly setting: string;
  /** `host:port`. */
  readonly address: string;
  /** The folder of its journals. */
  readonly volume: string;
}

type TcpAddress = Extract<Address, { readonly kind: "tcp" }>;

/** Milliseconds that who has the port is asked who he is: a machine with much to do takes its time. */
const askMs = 3_000;

/**
 * Tries an address before the service does, to say who has it and which setting changes it.
 *
 * @throws ServiceStartError where the service could not listen there.
 */
export async function checkFree({ service, setting, address, volume }: Listener): Promise<void> {
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
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const why = isTaken ? `port ${port} is taken${await whose(parsed, volume)}` : "its address cannot be used";
    const other = formatAddress({ ...parsed, port: (port + 1_000) % 65_536 || 8_080 });
    throw new ServiceStartError(
      `The ${service} cannot listen on ${address}: ${why}. Set ${setting} to another, such as ${setting}=${other}.`,
    );
  }
}

/** Says to which Clew a port belongs, and how that one is stopped; nothing where it is not one of Clew's. */
async function whose(address: TcpAddress, volume: string): Promise<string> {
  const pid = startedBy(volume);
  if (pid !== undefined) return `, and Clew runs on this volume already. Stop it with \`kill -INT ${pid}\`, or with Ctrl-C where it runs`;
  return (await isGateway(address)) ? " by the gateway of another Clew. Stop that with Ctrl-C where it runs" : "";
}

/** The process to stop for the orchestrator that holds a volume: the launcher it belongs to, or itself; undefined where none lives. */
function startedBy(volume: string): number | undefined {
  const holder = Number(read(join(volume, "volume.holder")));
  if (!commandOf(holder).includes("orchestrator/src/main.")) return undefined;
  const parent = readProcess(holder)?.parentPid;
  return parent !== undefined && /scripts\/(start|demo)\.ts/.test(commandOf(parent)) ? parent : holder;
}

function commandOf(pid: number): string {
  return pid > 0 ? read(`/proc/${pid}/cmdline`) : "";
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function isGateway(address: TcpAddress): Promise<boolean> {
  try {
    const response = await fetch(`http://${formatAddress(address)}/healthz`, { signal: AbortSignal.timeout(askMs), redirect: "error" });
    return (await response.text()) === '{"status":"ok"}' && response.headers.has("x-request-id");
  } catch {
    return false;
  }
}
