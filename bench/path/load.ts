import { setImmediate } from "node:timers/promises";
import { delay } from "@clew/streams/delay";
import { mark, nowMs } from "../support/clock.ts";

/** What one producer says in one measurement: first at a pace, then as fast as it is let. */
export interface Load {
  readonly perSecond: number;
  readonly pacedMs: number;
  readonly flatOutMs: number;
}

/** In which part of a load an event was said. */
export type Phase = "paced" | "flat-out";

/** What the text of an event says of itself. */
export interface Mark {
  readonly saidAtMs: number;
  readonly phase: Phase;
  /** From 1, over both phases. */
  readonly index: number;
}

const textLength = 512;

/** Says a load: each event is a text of 512 characters that begins with its mark. Resolves after the last; waits for `settled` between the phases. */
export async function produce(load: Load, say: (text: string) => Promise<void>, settled: () => Promise<void>): Promise<void> {
  let index = 0;
  const sayNext = async (phase: Phase) => {
    index += 1;
    await say(`@${mark()} ${phase} ${index} `.padEnd(textLength, "clew "));
  };
  const startMs = nowMs();
  for (let dueMs = startMs; dueMs < startMs + load.pacedMs; dueMs += 1_000 / load.perSecond) {
    await delay(Math.max(0, dueMs - nowMs()));
    await sayNext("paced");
  }
  await settled();
  for (const endMs = nowMs() + load.flatOutMs; nowMs() < endMs; ) {
    await sayNext("flat-out");
    // Whoever serves the stream in this process has its turn.
    await setImmediate();
  }
}

/** Reads the mark of an event in the JSON it came as; undefined where it has none. */
export function readMark(json: string): Mark | undefined {
  const [, saidAtMs, phase, index] = /"resultText":"@([\d.]+) (paced|flat-out) (\d+) /.exec(json) ?? [];
  if (phase !== "paced" && phase !== "flat-out") return undefined;
  return { saidAtMs: Number(saidAtMs), phase, index: Number(index) };
}
