import { z } from "zod";

/** Where a service listens or is found: a host and a port, or a Unix socket. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Parses `host:port`, `[::1]:port` or `unix:/path`. */
export const addressSchema = z.string().transform((text, context): Address => {
  if (text.startsWith("unix:/")) return { kind: "unix", path: text.slice("unix:".length) };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535)) {
    context.addIssue({ code: "custom", message: "must be host:port or unix:/path" });
    return z.NEVER;
  }
  return { kind: "tcp", host, port };
});

/** Writes an address as gRPC and people do. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can reach the address. */
export function isLocal(address: Address): boolean {
  return address.kind === "unix" || address.host === "localhost" || address.host === "::1" || address.host.startsWith("127.");
}
