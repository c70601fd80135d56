import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { joinSockets } from "@clew/streams/join-sockets";

/** The most connections a relay carries at once; more are closed. */
const mostConnections = 512;

/** Leads what connects to a port of this machine on to a socket. Dispose it to close it with its connections. */
export interface Relay extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
}

/** Starts a relay to a Unix socket. Rejects when it cannot listen. */
export async function startRelay(socketPath: string): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ path: socketPath, allowHalfOpen: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    }
    joinSockets(near, far);
  });
  server.maxConnections = mostConnections;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: isTcp(address) ? address.port : 0,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function isTcp(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
