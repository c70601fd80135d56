import { once } from "node:events";
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Socket } from "node:net";

/** The most connections a relay carries at once; more are closed. */
const mostConnections = 256;

/** Where a relay takes connections, and where it leads them. */
export interface RelayOptions {
  readonly from: ListenOptions;
  readonly to: NetConnectOpts;
}

/** Leads every connection to one address to another, byte for byte. Rejects when it cannot listen; dispose it to close it with its connections. */
export async function startRelay({ from, to }: RelayOptions): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.once("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.maxConnections = mostConnections;
  server.listen(from);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
