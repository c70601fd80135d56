import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { networkInterfaces } from "node:os";

/** Something on loopback that nothing may reach, over TCP or UDP; it counts who does. */
export interface Canary extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** What reached it: `tcp`, `udp` or the first line of what was sent. */
  readonly heard: readonly string[];
}

/** Starts a canary on a free port, the same for both: of 127.0.0.1, or of every address of the machine. */
export async function startCanary(listensTo: "loopback" | "everything" = "loopback"): Promise<Canary> {
  const address = listensTo === "loopback" ? "127.0.0.1" : anyAddress();
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
  }).listen(0, address);
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(address === "::" ? "udp6" : "udp4", () => heard.push("udp")).bind(port, address);
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

/** Every address of the machine, in the newer notation where it has one. */
function anyAddress(): "::" | "0.0.0.0" {
  const hasNewer = Object.values(networkInterfaces()).some((entries) => entries?.some(({ family }) => family === "IPv6"));
  return hasNewer ? "::" : "0.0.0.0";
}
