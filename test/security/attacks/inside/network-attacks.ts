import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { connectGrpc } from "@clew/grpc/client";
import { SandboxAgentServiceService, WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { Inside, Try } from "./targets.ts";

const waitMs = 2_000;

/** Connects, or throws why not. */
async function reach(options: NetConnectOpts): Promise<Socket> {
  const socket = connect(options);
  socket.on("error", () => {});
  await once(socket, "connect", { signal: AbortSignal.timeout(waitMs) });
  return socket;
}

async function connects(options: NetConnectOpts): Promise<string> {
  const socket = await reach(options);
  socket.end("GET /from-a-sandbox HTTP/1.1\r\n\r\n");
  return "connected";
}

/** What the way out answers to a request; what it refuses is no way out. */
async function throughWayOut({ egressSocket }: Pick<Inside, "egressSocket">, request: string): Promise<string | undefined> {
  const socket = await reach({ path: egressSocket });
  socket.write(request);
  const [bytes] = await once(socket, "data", { signal: AbortSignal.timeout(waitMs) });
  socket.destroy();
  const [line = ""] = String(bytes).split("\r\n");
  return / 2\d\d /.test(line) ? line : undefined;
}

const tunnel = (host: string) => `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const plain = (url: string, host: string) => `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** The folders of other sandboxes' sockets. */
function otherSockets({ socketPath }: Inside): readonly string[] {
  const own = dirname(dirname(socketPath));
  return readdirSync(dirname(own))
    .filter((name) => name.startsWith("clew-") && join(dirname(own), name) !== own)
    .map((name) => join(dirname(own), name));
}

const wardenOf = ({ socketPath }: Inside) => join(dirname(dirname(socketPath)), "warden");

/** Tries that are about connections. */
export const networkAttacks: Readonly<Record<string, Try>> = {
  "a port of the machine": async ({ port }) => connects({ host: "127.0.0.1", port }),
  "a port of the machine by its other loopback": async ({ port }) => connects({ host: "127.0.0.2", port }),
  "a port of the machine by IPv6": async ({ port }) => connects({ host: "::1", port }),
  "a port of the machine by a mapped address": async ({ port }) => connects({ host: "::ffff:127.0.0.1", port }),
  "a port of the machine by its own address": async ({ ownAddress, port }) => connects({ host: ownAddress, port }),
  "a port of the machine by UDP": async ({ port }) => {
    const socket = createSocket("udp4");
    await new Promise<void>((done, fail) => socket.send("x", port, "127.0.0.1", (error) => (error === null ? done() : fail(error))));
    socket.close();
    // Nobody says whether it arrived: the canary does.
    return undefined;
  },
  "a broadcast": async ({ port }) => {
    const socket = createSocket("udp4").bind(0);
    await once(socket, "listening");
    socket.setBroadcast(true);
    try {
      await new Promise<void>((done, fail) =>
        socket.send("x", port, "255.255.255.255", (error) => (error === null ? done() : fail(error))),
      );
    } finally {
      socket.close();
    }
    return undefined;
  },
  "a name server": async () => (await lookup("example.com")).address,
  "an address of the internet": async () => connects({ host: "192.0.2.1", port: 80 }),
  "the metadata service": async () => connects({ host: "169.254.169.254", port: 80 }),
  "the orchestrator's port": async ({ orchestratorPort }) => connects({ host: "127.0.0.1", port: orchestratorPort }),
  "the gateway's port": async ({ gatewayPort }) => connects({ host: "127.0.0.1", port: gatewayPort }),
  "a Unix socket of the machine": async ({ socket }) => connects({ path: socket }),
  "a Unix socket without a file": async ({ abstractSocket }) => connects({ path: `\0${abstractSocket}` }),
  "a tunnel to the machine through its way out": async ({ port }, inside) => throughWayOut(inside, tunnel(`127.0.0.1:${port}`)),
  "a tunnel to the machine in octal digits": async ({ port }, inside) => throughWayOut(inside, tunnel(`0177.1:${port}`)),
  "a tunnel to the machine by a mapped address": async ({ port }, inside) => throughWayOut(inside, tunnel(`[::ffff:127.0.0.1]:${port}`)),
  "a request to the machine through its way out": async ({ port }, inside) =>
    throughWayOut(inside, plain(`http://127.0.0.1:${port}/`, "example.com")),
  "a request whose header names the machine": async ({ port }, inside) => throughWayOut(inside, plain("/", `127.0.0.1:${port}`)),
  "two requests in one to the machine": async ({ port }, inside) =>
    throughWayOut(inside, plain("http://192.0.2.1/", "192.0.2.1").repeat(1) + plain(`http://127.0.0.1:${port}/`, "x")),
  "the orchestrator through its way out": async ({ orchestratorPort }, inside) =>
    throughWayOut(inside, tunnel(`127.0.0.1:${orchestratorPort}`)),
  "the gateway through its way out": async ({ gatewayPort }, inside) => throughWayOut(inside, tunnel(`127.0.0.1:${gatewayPort}`)),
  "the metadata service through its way out": async (_, inside) => throughWayOut(inside, tunnel("169.254.169.254:80")),
  "its warden's socket": async (_, inside) => connects({ path: wardenOf(inside) }),
  "its warden's calls": async (_, inside) => {
    const { client } = channelCredentials(inside.secret);
    const warden = connectGrpc(WardenServiceService, `unix:${wardenOf(inside)}`, client);
    try {
      return JSON.stringify(await warden.setDeadline({ remainingMs: 1 }, { signal: AbortSignal.timeout(waitMs) }));
    } finally {
      warden[Symbol.dispose]();
    }
  },
  "another sandbox's sockets": async (_, inside) => {
    const [other] = otherSockets(inside);
    return other === undefined ? undefined : connects({ path: join(other, "inside", "egress") });
  },
  "another sandbox's calls": async (_, inside) => {
    const { client } = channelCredentials(inside.secret);
    for (const folder of otherSockets(inside)) {
      const agent = connectGrpc(SandboxAgentServiceService, `unix:${join(folder, "inside", "agent")}`, client);
      try {
        return JSON.stringify(await agent.takeBrowserState({}, { signal: AbortSignal.timeout(waitMs) }));
      } catch {
        // Refused, as it must be: the next may be less careful.
      } finally {
        agent[Symbol.dispose]();
      }
    }
    return undefined;
  },
};
