import { once } from "node:events";
import type { Server } from "node:net";

/** Listens on a free port of 127.0.0.1; answers which. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The server has no port.");
  return bound.port;
}
