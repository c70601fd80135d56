import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { mark, nowMs } from "../support/clock.ts";
import { servePart } from "../support/serve-part.ts";

/** Posts events to nginx over one connection, without waiting for the answer to one before the next. */
const handlers = {
  /** Posts events at a pace; answers when it began, once all are accepted. */
  async publish(asked: { port: number; channel: string; count: number; perSecond: number; textLength: number }): Promise<number> {
    const { port, channel, count, perSecond, textLength } = asked;
    const accepted = Promise.withResolvers<void>();
    let answers = 0;
    const socket = connect({ host: "127.0.0.1", port }).setEncoding("latin1");
    socket.on("data", (text: string) => {
      answers += text.split("HTTP/1.1 2").length - 1;
      if (answers === count) accepted.resolve();
    });
    socket.once("error", accepted.reject).once("close", () => accepted.reject(new Error("nginx closed the connection.")));
    const startMs = nowMs();
    for (let n = 0; n < count; n++) {
      const earlyMs = startMs + (n * 1_000) / perSecond - nowMs();
      if (earlyMs > 0) await sleep(earlyMs);
      const text = `{"summary":"@${mark()}`.padEnd(textLength, "clew ");
      socket.write(`POST /publish/${channel} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
    }
    await accepted.promise;
    socket.destroy();
    return startMs;
  },
};

/** What the publisher can be asked. */
export type NchanPublisher = typeof handlers;

servePart(handlers);
