import { once } from "node:events";
import { createServer, connect as dial, type Socket } from "node:net";

/** What becomes of one connection. Bytes are the server's, counted from the first after `from` was seen. */
export interface Fate {
  /** Where counting begins: at the first request of the connection that holds this text; at its start unless given. */
  readonly from?: string;
  /** Passes on so many bytes, then cuts both sides at once. */
  readonly cutAfterBytes?: number;
  /** Passes on so many bytes, then nothing more either way, and closes nothing: a half-open connection. */
  readonly freezeAfterBytes?: number;
  /** Milliseconds each piece is late. */
  readonly delayMs?: number;
}

/** What a proxy does. */
export interface CuttingProxyOptions {
  /** Where it leads, as `host:port`; asked for each connection, so that what is behind may move. */
  readonly target: () => string;
  /** The fate of each connection, numbered from 0; none unless given. */
  readonly fate?: (connection: number) => Fate;
}

/** A TCP proxy that cuts, delays and freezes. Dispose it: it and all its connections are gone. */
export interface CuttingProxy extends AsyncDisposable {
  /** `host:port` */
  readonly address: string;
  readonly url: string;
  /** How many connections there were. */
  readonly connections: number;
  /** How many bytes the server sent over the connection that carried most. */
  readonly bytes: number;
  /** How many connections were cut or frozen by their fate. */
  readonly spoiled: number;
  /** Cuts every connection there is. */
  cutAll(): void;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startCuttingProxy({ target, fate = () => ({}) }: CuttingProxyOptions): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let connections = 0;
  let bytes = 0;
  let spoiled = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const { host, port } = splitAddress(target());
    const upstream = dial({ host, port, noDelay: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => open.delete(socket));
    }
    let carried = 0;
    upstream.on("data", (part: Buffer) => {
      carried += part.byteLength;
      bytes = Math.max(bytes, carried);
    });
    passOn(client, upstream, fate(connections++), () => {
      spoiled += 1;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the proxy has no port");
  const address = `127.0.0.1:${bound.port}`;
  const cutAll = () => {
    for (const socket of open) socket.destroy();
    open.clear();
  };
  return {
    address,
    url: `http://${address}`,
    get connections() {
      return connections;
    },
    get bytes() {
      return bytes;
    },
    get spoiled() {
      return spoiled;
    },
    cutAll,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      cutAll();
      await closed;
    },
  };
}

/** Passes bytes both ways as fate has it, and tells when it struck. */
function passOn(client: Socket, upstream: Socket, fate: Fate, onStrike: () => void): void {
  const { from, delayMs = 0 } = fate;
  const limit = fate.cutAfterBytes ?? fate.freezeAfterBytes ?? Number.POSITIVE_INFINITY;
  let isCounting = from === undefined;
  let passed = 0;
  let isStruck = false;
  const late = (pass: () => void) => (delayMs === 0 ? pass() : void setTimeout(pass, delayMs));
  const strike = () => {
    onStrike();
    // What was passed on arrives before the cut does. A frozen connection stays as it is until the client gives up.
    if (fate.cutAfterBytes !== undefined) client.end(() => client.destroy());
  };
  client.on("data", (bytes: Buffer) => {
    if (isStruck) return;
    isCounting ||= from !== undefined && bytes.includes(from);
    late(() => upstream.write(bytes));
  });
  upstream.on("data", (bytes: Buffer) => {
    if (isStruck) return;
    const part = isCounting ? bytes.subarray(0, limit - passed) : bytes;
    if (isCounting) passed += part.byteLength;
    isStruck = passed >= limit;
    late(() => {
      // A slow reader slows the server down, as without a proxy.
      if (client.write(part)) return;
      upstream.pause();
      client.once("drain", () => upstream.resume());
    });
    if (isStruck) late(strike);
  });
  client.on("end", () => upstream.end()).on("close", () => upstream.destroy());
  upstream.on("end", () => isStruck || late(() => client.end())).on("close", () => isStruck || late(() => client.destroy()));
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}
