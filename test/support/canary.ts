import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** Something on loopback that nothing may reach, over TCP or UDP; it counts who does. */
export interface Canary extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** What reached it: `tcp`, `udp` or the first line of what was sent. */
  readonly heard: readonly string[];
}

/** Starts a canary on a free port of 127.0.0.1, the same for both. */
export async function startCanary(): Promise<Canary> {
  const heard: string[] = [];
  const open = new Set<Socket>();
  const tcp = createServer((socket) => {
    const at = heard.push("tcp") - 1;
    open.add(socket);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
    socket.once("data", (bytes) => {
      heard[at] = String(bytes).split("\r\n")[0] ?? "";
      socket.end("HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
    });
  }).listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4", () => heard.push("udp")).bind(port, "127.0.0.1");
  await once(udp, "listening");
  return {
    host: `127.0.0.1:${port}`,
    port,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      tcp.close();
      udp.close();
      await once(tcp, "close");
    },
  };
}
