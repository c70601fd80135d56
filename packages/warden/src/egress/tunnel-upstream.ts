import { isIP, isIPv6, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { request } from "@clew/process/plain-http";

/** Milliseconds an upstream proxy has to open a tunnel. */
const tunnelMs = 30_000;

/**
 * Has an upstream proxy, to which `socket` leads, open a tunnel to an address. Resolves with what leads there.
 *
 * @throws Error with code UPSTREAM_<status> when it does not, or the system's error. `socket` is destroyed then.
 */
export async function tunnelUpstream(socket: Socket, upstream: URL, address: string, port: number): Promise<Socket> {
  const target = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  try {
    const way = upstream.protocol === "https:" ? connectTls({ socket, ...nameOf(upstream) }) : socket;
    const asked = request({
      method: "CONNECT",
      path: target,
      headers: { host: target, ...authorization(upstream) },
      createConnection: () => way,
      signal: AbortSignal.timeout(tunnelMs),
    });
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const refused = (status = 0) => reject(Object.assign(new Error("The upstream proxy refused."), { code: `UPSTREAM_${status}` }));
    asked.once("error", reject).once("response", ({ statusCode }) => refused(statusCode));
    asked.once("connect", ({ statusCode }, far, head) => {
      if (statusCode !== 200) return refused(statusCode);
      if (head.length > 0) far.unshift(head);
      resolve(far);
    });
    asked.end();
    return await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** What its certificate must name; an address is none that TLS tells a server. */
function nameOf({ hostname }: URL): { host: string; servername?: string } {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}
