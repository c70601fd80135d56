import { connect, isIPv6, type LookupFunction, type Socket } from "node:net";

/** Milliseconds a connection may take to be made. */
const connectMs = 30_000;

/** Connects to one of these addresses, and to nothing else. Rejects with the system's error, or ETIMEDOUT after 30 s. The caller destroys the socket. */
export async function connectChecked(addresses: readonly string[], port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  // The name is nobody's: whatever is looked up under it are the addresses that were checked.
  const socket = connect({ host: "checked.invalid", port, lookup: answering(addresses), allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error("The connection took too long."), { code: "ETIMEDOUT" })),
    connectMs,
  );
  socket.once("connect", () => resolve(socket)).once("error", reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.off("error", reject);
  }
}

function answering(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_hostname, options, done) => {
    const [first] = found;
    if (options.all) done(null, found);
    else if (first === undefined) done(Object.assign(new Error("There is no address."), { code: "ENOTFOUND" }), "", 0);
    else done(null, first.address, first.family);
  };
}
