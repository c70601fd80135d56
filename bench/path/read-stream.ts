import { nowMs } from "../support/clock.ts";
import { type Phase, readMark } from "./load.ts";

/** What a reader saw of one load. */
export interface Seen {
  /** Of each paced event but the first ten, in ascending order: milliseconds from saying to reading. */
  readonly latenciesMs: readonly number[];
  /** Events a second while they were said flat out, from the first read to the last. */
  readonly perSecond: number;
  /** Bytes of one event's data, on average. */
  readonly eventBytes: number;
}

const warmUpEvents = 10;

/**
 * Reads the server-sent events of a load until the stream ends.
 *
 * @throws Error where one is missing, doubled or out of order.
 */
export async function readStream(url: string, signal: AbortSignal): Promise<Seen> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const latenciesMs: number[] = [];
  const counts: Record<Phase, number> = { paced: 0, "flat-out": 0 };
  let [firstMs, lastMs, bytes, index] = [Number.NaN, Number.NaN, 0, 0];
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const readAtMs = nowMs();
    const messages = (rest + chunk).split("\n\n");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const mark = readMark(message);
      if (mark === undefined) continue;
      if (mark.index !== index + 1) throw new Error(`Event ${mark.index} came after event ${index}.`);
      index = mark.index;
      counts[mark.phase] += 1;
      bytes += message.length - message.indexOf("data: ") - "data: ".length;
      if (mark.phase === "paced") {
        if (counts.paced > warmUpEvents) latenciesMs.push(readAtMs - mark.saidAtMs);
      } else {
        if (counts["flat-out"] === 1) firstMs = readAtMs;
        lastMs = readAtMs;
      }
    }
  }
  latenciesMs.sort((one, other) => one - other);
  return { latenciesMs, perSecond: counts["flat-out"] / ((lastMs - firstMs) / 1_000), eventBytes: bytes / index };
}
