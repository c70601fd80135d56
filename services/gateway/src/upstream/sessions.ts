import type { Http2Session } from "node:http2";
import { connect as connectSocket } from "node:net";
import { type Address, formatAddress } from "@clew/process/address";
import { wireContract } from "@clew/streams/wire-contract";
import { type GrpcTransportOptions, Http2SessionManager } from "@connectrpc/connect-node";

/** The connections to one address: at most one at a time takes new calls. Disposing it closes them. */
export interface Sessions extends Disposable {
  readonly baseUrl: string;
  readonly manager: NonNullable<GrpcTransportOptions["sessionManager"]>;
}

/** What may be on its way of one answer: a page of events, so that none waits half-way for leave to go on. */
const streamWindowBytes = 512 * 1024;
/** What may be on its way of all answers together: one that nobody takes holds up no other. */
const sessionWindowBytes = 16 * 1024 * 1024;

/** Makes the connections to an address; the first call opens the first. Pings are sent while calls are open. */
export function createSessions(address: Address): Sessions {
  const baseUrl = address.kind === "unix" ? "http://localhost" : `http://${formatAddress(address)}`;
  const manager = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs: wireContract.pingIntervalMs, pingTimeoutMs: wireContract.pingTimeoutMs },
    {
      // In MB. The default of 10 refuses new streams once some hundred slow readers have filled their windows.
      maxSessionMemory: 1_000,
      settings: { initialWindowSize: streamWindowBytes },
      ...(address.kind === "unix" ? { createConnection: () => connectSocket(address.path) } : {}),
    },
  );
  const guarded = new WeakSet<Http2Session>();
  return {
    baseUrl,
    manager: {
      authority: manager.authority,
      async request(method, path, headers, options) {
        const stream = await manager.request(method, path, headers, options);
        const { session } = stream;
        // A manager that leaves a dying connection for a new one stops listening to it before its error comes: unheard, that would end
        // this process. Each call has its own error, so there is nothing to do about this one.
        if (session !== undefined && !guarded.has(session)) {
          guarded.add(session);
          session.on("error", () => {});
          session.setLocalWindowSize(sessionWindowBytes);
        }
        return stream;
      },
      notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    },
    [Symbol.dispose]() {
      manager.abort();
    },
  };
}
