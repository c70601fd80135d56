import type { JournalRecord } from "@clew/journal-format/record";
import { describe, expect, it } from "vitest";
import { Journal } from "./journal.ts";
import { JournalIndex } from "./journal-index.ts";
import { draft, faultOf, folder, runId, textsOf } from "./journal-test-kit.ts";
import { MemoryDisk } from "./memory-disk.ts";

const start = { sequence: 0, offset: 64, nextOffset: 64, chain: new Uint8Array(8) };

function records(count: number): JournalRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    sequence: index + 1,
    attempt: 1 + Math.floor(index / 500),
    producer: index % 2 === 0 ? 1 : 2,
    producerSequence: index + 1,
    durable: index,
    timeMs: index,
    body: new Uint8Array(6),
    chain: new Uint8Array(8).fill(index),
    offset: 64 + index * 50,
    nextOffset: 114 + index * 50,
  }));
}

describe("the index of a journal", () => {
  const index = new JournalIndex(start);
  const all = records(1000);
  index.add(all.slice(0, 300));
  index.add(all.slice(300));

  it("knows a position at most 255 records before any sequence", () => {
    for (let sequence = 0; sequence <= 1000; sequence++) {
      const before = index.before(sequence);
      expect(sequence - before.sequence).toBeGreaterThanOrEqual(0);
      expect(sequence - before.sequence).toBeLessThan(256);
      if (before.sequence > 0) expect(before.nextOffset).toBe(all[before.sequence - 1]?.nextOffset);
    }
  });

  it("knows the last sequence of each producer of each attempt", () => {
    expect([index.producerPosition(1, 1), index.producerPosition(1, 2), index.producerPosition(2, 2)]).toEqual([499, 500, 1000]);
    expect([index.producerPosition(3, 1), index.producerPosition(1, 0)]).toEqual([0, 0]);
  });

  it("comes back from its text, and not from another run's or epoch's, nor from a changed one", () => {
    const text = index.format("run-a", 3);
    const read = JournalIndex.parse(text, "run-a", 3);
    expect(read?.format("run-a", 3)).toBe(text);
    expect(read?.tail).toEqual(index.tail);
    expect(JournalIndex.parse(text, "run-b", 3)).toBeUndefined();
    expect(JournalIndex.parse(text, "run-a", 4)).toBeUndefined();
    for (let at = 0; at < text.length - 1; at += 7) {
      const changed = text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1);
      expect(JournalIndex.parse(changed, "run-a", 3)).toBeUndefined();
      expect(JournalIndex.parse(text.slice(0, at), "run-a", 3)).toBeUndefined();
    }
  });
});

it("is not written for a journal that was found damaged, so that the next opening looks at all of it", async () => {
  const disk = new MemoryDisk("/runs");
  const journal = await Journal.create({ folder, runId, disk });
  for (const text of ["a", "b", "c"]) await journal.append([draft(text)]);
  const other = await disk.open(`${folder}/journal`, "existing");
  await other.write(Buffer.from([0xff]), 105);
  expect((await faultOf(textsOf(journal))).reason).toBe("JOURNAL_DAMAGED");
  await journal.seal();
  await journal.close();
  expect(await disk.list(folder)).toEqual(["journal"]);
  const { journal: second, recovery } = await Journal.open({ folder, runId, disk });
  await using _ = second;
  expect(recovery).toMatchObject({ kind: "damaged", lostTo: 3 });
});
