import { createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { mark, nowMs } from "./clock.ts";
import { listen } from "./listen.ts";
import { servePart } from "./serve-part.ts";

/** A server that only writes: the same bytes to everybody who connected, as fast as they are taken. What the readers can bear. */
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
  socket.resume().write("HTTP/1.1 200 OK\r\n\r\n");
});
const port = await listen(server);
const eventsAtOnce = 100;

const handlers = {
  port: (): number => port,
  /** Writes for so many milliseconds; answers how many events everybody was sent. */
  async blast({ ms, frameLength }: { ms: number; frameLength: number }): Promise<number> {
    const frame = `data: {"summary":"@${mark()}`.padEnd(frameLength - 2, "clew ");
    const bytes = Buffer.from(`${frame}\n\n`.repeat(eventsAtOnce), "latin1");
    let rounds = 0;
    for (const endMs = nowMs() + ms; nowMs() < endMs; await setImmediate()) {
      if ([...sockets].some((socket) => socket.writableNeedDrain)) continue;
      for (const socket of sockets) socket.write(bytes);
      rounds += 1;
    }
    return rounds * eventsAtOnce;
  },
};

/** What the blast can be asked. */
export type Blast = typeof handlers;

servePart(handlers);
