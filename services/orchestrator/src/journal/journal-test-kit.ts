import { Fault } from "@clew/fault/fault";
import { Producer } from "@clew/journal-format/record";
import { parsePosition } from "@clew/journal-format/resume-token";
import type { Draft, Journal } from "./journal.ts";
import type { MemoryDisk } from "./memory-disk.ts";

/** The run that is tested. */
export const runId = `run-${"0123456789abcdef".repeat(2)}`;
/** Its folder on a disk in memory. */
export const folder = `/runs/${runId}`;
/** As much as a test needs. */
export const all = { limit: 1_000_000, maxBytes: 1024 * 1024 };

/** Makes a draft with a text for a body. */
export function draft(text: string, more: Partial<Draft> = {}): Draft {
  return { attempt: 1, producer: Producer.ORCHESTRATOR, producerSequence: 0, body: Buffer.from(text), ...more };
}

/** Reads all there is after a position: each record's sequence and text. */
export async function textsOf(journal: Journal, after = ""): Promise<string[]> {
  const texts: string[] = [];
  let position = await journal.resolve(parsePosition(after, journal.runId));
  for (;;) {
    const records = await journal.read(position, all);
    for (const record of records) texts.push(`${record.sequence} ${Buffer.from(record.body).toString()}`);
    const last = records.at(-1);
    if (last === undefined) return texts;
    position = last;
  }
}

/** Waits for a call to be refused, and answers with what. */
export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    return Fault.from(error);
  }
  throw new Error("It was to be refused.");
}

/** Holds the calls of one name back until they are let go, or fail. */
export function hold(
  disk: MemoryDisk,
  name: string,
): { readonly reached: Promise<void>; readonly release: () => void; readonly fail: (code: string) => void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  disk.before = (call) => {
    if (call.name !== name) return;
    reached.resolve();
    return gate.promise;
  };
  return { reached: reached.promise, release: () => gate.resolve(), fail: (code) => gate.reject(failure(code)) };
}

/** Lets every call of one name fail. */
export function fail(disk: MemoryDisk, name: string, code: string): void {
  disk.before = (call) => {
    if (call.name === name) throw failure(code);
  };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Answers the bytes with one of them changed. */
export function withFlip(bytes: Uint8Array, at: number, flip = 0xff): Buffer {
  const hurt = Buffer.from(bytes);
  hurt[at] = (hurt[at] ?? 0) ^ flip;
  return hurt;
}
