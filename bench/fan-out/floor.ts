import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { mark, nowMs } from "../support/clock.ts";
import { listen } from "../support/listen.ts";
import { servePart } from "../support/serve-part.ts";

/** A bare node:http server that writes each event, prepared once, to all its readers; it waits for the slowest of them. */
const responses = new Set<ServerResponse>();
const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  responses.add(response.once("close", () => responses.delete(response)));
});
const port = await listen(server);

const handlers = {
  port: (): number => port,
  /** Writes events at a pace, or as fast as they are taken where that is slower; answers when it began. */
  async publish({ count, perSecond, frameLength }: { count: number; perSecond: number; frameLength: number }): Promise<number> {
    const startMs = nowMs();
    for (let n = 0; n < count; n++) {
      const earlyMs = startMs + (n * 1_000) / perSecond - nowMs();
      if (earlyMs > 0) await sleep(earlyMs);
      const frame = `id: ${String(n).padEnd(tokenLength, "0")}\ndata: {"summary":"@${mark()}`.padEnd(frameLength - 2, "clew ");
      const bytes = Buffer.from(`${frame}\n\n`, "latin1");
      const full: ServerResponse[] = [];
      for (const response of responses) if (!response.write(bytes)) full.push(response);
      await Promise.all(full.map((response) => once(response, "drain")));
    }
    return startMs;
  },
};

const tokenLength = 24;

/** What the floor can be asked. */
export type Floor = typeof handlers;

servePart(handlers);
