import { randomBytes, timingSafeEqual } from "node:crypto";
import type { lookup } from "node:dns";
import { isIPv6, type LookupFunction } from "node:net";
import { type PrepareRequestFunctionOpts, type PrepareRequestFunctionResult, RequestError, Server } from "proxy-chain";
import type { EgressEntry, EgressLedger } from "./egress-ledger.ts";
import type { EgressDenial, JudgeEgress } from "./egress-rules.ts";
import { type ResolveHost, resolveHost } from "./resolve-host.ts";

/** What a proxy lets through, and where it writes it down. */
export interface EgressProxyOptions {
  readonly judge: JudgeEgress;
  /** The system's resolver unless given. */
  readonly resolve?: ResolveHost;
  readonly ledger: EgressLedger;
  /** Called for the first denial of each host, port and rule. */
  readonly onDenied: (entry: Readonly<EgressEntry>, denial: EgressDenial) => void;
}

/** A sandbox's way out. Dispose it to close it with its connections. */
export interface EgressProxy extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  readonly user: string;
  /** Of this sandbox alone: others on the machine do not get through. */
  readonly password: string;
}

const user = "sandbox";
const unresolved: EgressDenial = { rule: "unresolved", message: "The host could not be looked up, so nobody knows where it leads." };

/**
 * Starts the proxy of one sandbox on loopback. A host is looked up once; every address it has is judged; and those very addresses are what is
 * connected to, so that no second answer of a name server leads elsewhere. What is denied gets 403.
 */
export async function startEgressProxy({ judge, resolve = resolveHost, ledger, onDenied }: EgressProxyOptions): Promise<EgressProxy> {
  const password = randomBytes(24).toString("base64url");
  const open = new Map<number, EgressEntry>();
  const server = new Server({
    host: "127.0.0.1",
    port: 0,
    prepareRequestFunction: async (request): Promise<PrepareRequestFunctionResult> => {
      if (!isOurs(request, password)) return { requestAuthentication: true };
      const { hostname, port, connectionId } = request;
      const addresses = await resolve(hostname).catch(() => []);
      const denial = addresses.length === 0 ? unresolved : judge(hostname, port, addresses);
      const { entry, isFirst } = ledger.note(hostname, port, denial?.rule ?? "");
      if (denial !== undefined) {
        if (isFirst) onDenied(entry, denial);
        throw new RequestError(denial.message, 403);
      }
      open.set(connectionId, entry);
      // The library hands it to node:net, which asks for no more than this; it says the type of node:dns.
      return { dnsLookup: lookupOf(addresses) as typeof lookup };
    },
  });
  server.on("connectionClosed", ({ connectionId, stats }: { connectionId: number; stats?: { srcTxBytes: number; srcRxBytes: number } }) => {
    const entry = open.get(connectionId);
    open.delete(connectionId);
    if (entry === undefined || stats === undefined) return;
    entry.bytesSent += stats.srcRxBytes;
    entry.bytesReceived += stats.srcTxBytes;
  });
  // What a page's connection dies of is the page's.
  server.on("requestFailed", () => {});
  await server.listen();
  return {
    port: server.port,
    user,
    password,
    [Symbol.asyncDispose]: () => server.close(true),
  };
}

function isOurs({ username, password: given }: PrepareRequestFunctionOpts, password: string): boolean {
  const [one, other] = [Buffer.from(given ?? ""), Buffer.from(password)];
  return username === user && one.length === other.length && timingSafeEqual(one, other);
}

/** Answers what was judged, whoever asks for whatever. */
function lookupOf(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_hostname, options, done) => {
    const [first] = found;
    if (options.all) done(null, found);
    else if (first === undefined) done(Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "", 0);
    else done(null, first.address, first.family);
  };
}
