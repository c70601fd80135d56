/** What the gateway answers to. */
export interface HostRules {
  /** The port it listens on; undefined on a Unix socket, where any port is fine. */
  readonly port: number | undefined;
  /** The address the request came in at, such as `192.0.2.7`. */
  readonly localAddress: string | undefined;
  /** Names the operator configured, as `host` (any port) or `host:port`. */
  readonly allowedHosts: readonly string[];
}

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether a `Host` header names this gateway.
 *
 * A page of a rebound DNS name carries that name here, and so is told from a caller who means us.
 */
export function isHostAllowed(host: string | undefined, { port, localAddress, allowedHosts }: HostRules): boolean {
  const parsed = parseHost(host);
  if (parsed === undefined) return false;
  const { name, port: givenPort } = parsed;
  if (allowedHosts.some((allowed) => allowed.toLowerCase() === name || allowed.toLowerCase() === `${name}:${givenPort}`)) return true;
  if (port !== undefined && givenPort !== port) return false;
  return loopbackNames.has(name) || (localAddress !== undefined && name === toHostName(localAddress));
}

function parseHost(host: string | undefined): { name: string; port: number } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(host ?? "");
  if (match?.[1] === undefined) return undefined;
  return { name: match[1].toLowerCase(), port: match[2] === undefined ? 80 : Number(match[2]) };
}

/** Writes a socket's address as a Host header would. */
function toHostName(address: string): string {
  if (address.startsWith("::ffff:")) return address.slice("::ffff:".length);
  return address.includes(":") ? `[${address}]` : address;
}
