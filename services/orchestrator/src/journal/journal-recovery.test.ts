import { Fault } from "@clew/fault/fault";
import { parsePosition } from "@clew/journal-format/resume-token";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Draft, Journal } from "./journal.ts";
import { withFlip } from "./journal-test-kit.ts";
import { MemoryDisk } from "./memory-disk.ts";

const runId = `run-${"0123456789abcdef".repeat(2)}`;
const folder = `/runs/${runId}`;
const path = `${folder}/journal`;

function draft(text: string): Draft {
  return { attempt: 1, producer: 1, producerSequence: 1, body: Buffer.from(text) };
}

interface Written {
  readonly disk: MemoryDisk;
  readonly bytes: Buffer;
  /** Where record n ends, at [n]; [0] is where the first begins. */
  readonly ends: readonly number[];
  /** The token after record n, at [n]. */
  readonly tokens: readonly string[];
  readonly texts: readonly string[];
}

/** Writes a journal in batches; each of them is durable before the next. */
async function write(batches: readonly (readonly string[])[], { sealed = false } = {}): Promise<Written> {
  const disk = new MemoryDisk("/runs");
  await using journal = await Journal.create({ folder, runId, disk, now: () => 1_700_000_000_000 });
  const start = await journal.resolve({ kind: "start" });
  const ends = [start.nextOffset];
  const tokens = [journal.tokenOf(start)];
  for (const batch of batches) {
    for (const record of await journal.append(batch.map(draft))) {
      ends.push(record.nextOffset);
      tokens.push(journal.tokenOf(record));
    }
  }
  if (sealed) await journal.seal();
  return { disk, bytes: disk.bytesOf(path), ends, tokens, texts: batches.flat() };
}

/** The same on a disk of its own, with other bytes in the journal's place. */
function withBytes(written: Written, bytes: Uint8Array, { sealed = false } = {}): Written {
  const disk = new MemoryDisk("/runs");
  disk.setBytes(path, bytes);
  if (sealed) disk.setBytes(`${path}.index`, written.disk.bytesOf(`${path}.index`));
  return { ...written, disk };
}

async function textsOf(journal: Journal): Promise<string[]> {
  const texts: string[] = [];
  let position = await journal.resolve({ kind: "start" });
  for (;;) {
    const records = await journal.read(position, { limit: 3, maxBytes: 200 });
    for (const record of records) {
      texts.push(Buffer.from(record.body).toString());
      expect(record.sequence).toBe(texts.length);
    }
    const last = records.at(-1);
    if (last === undefined) return texts;
    position = last;
  }
}

/** What a reader with this token is told: the sequence he goes on after, or the reason, and then the sequence he is offered. */
async function resumed(journal: Journal, token: string): Promise<string> {
  try {
    return `${(await journal.resolve(parsePosition(token, runId))).sequence}`;
  } catch (error) {
    const { reason, details } = Fault.from(error);
    return `${reason} ${(await journal.resolve(parsePosition(details.earliest ?? "", runId))).sequence}`;
  }
}

async function expectTorn({ disk, ends, texts, tokens }: Written, kept: number): Promise<void> {
  const before = disk.bytesOf(path).length;
  const end = ends[kept] ?? Number.NaN;
  const { journal, recovery } = await Journal.open({ folder, runId, disk });
  await using _journal = journal;
  expect(recovery).toEqual(before > end ? { kind: "torn", cutBytes: before - end } : { kind: "clean" });
  expect(disk.bytesOf(path).length).toBe(end);
  expect(journal.epoch).toBe(1);
  expect(await textsOf(journal)).toEqual(texts.slice(0, kept));
  for (const [sequence, token] of tokens.entries()) {
    expect(await resumed(journal, token)).toBe(sequence <= kept ? `${sequence}` : "FUTURE 0");
  }
  await journal.append([draft("after")]);
  expect(await textsOf(journal)).toEqual([...texts.slice(0, kept), "after"]);
  const next = tokens[kept + 1];
  if (next !== undefined) expect(await resumed(journal, next)).toBe("DIVERGED 0");
}

async function expectDamaged({ disk, texts, tokens }: Written, kept: number): Promise<void> {
  const hurt = disk.bytesOf(path);
  const { journal, recovery } = await Journal.open({ folder, runId, disk });
  await using _journal = journal;
  const keptAs = `journal.damaged-${kept + 1}`;
  expect(recovery).toEqual({ kind: "damaged", lostFrom: kept + 1, lostTo: texts.length, keptAs });
  expect(disk.bytesOf(`${folder}/${keptAs}`)).toEqual(hurt);
  expect([journal.epoch, journal.sealed]).toEqual([2, false]);
  expect(await textsOf(journal)).toEqual(texts.slice(0, kept));
  for (const [sequence, token] of tokens.entries()) {
    expect(await resumed(journal, token)).toBe(`EPOCH_CHANGED ${sequence <= kept ? sequence : 0}`);
  }
  await journal.append([draft("after")]);
  await journal.close();
  disk.crash(() => false);
  const again = await Journal.open({ folder, runId, disk });
  await using second = again.journal;
  expect([again.recovery, second.epoch]).toEqual([{ kind: "clean" }, 2]);
  expect(await textsOf(second)).toEqual([...texts.slice(0, kept), "after"]);
}

const shapes = [
  { name: "each record durable before the next", batches: [["one"], ["two"], [""], ["four"], ["five"]] },
  { name: "records in batches", batches: [["one", "two"], ["three"], ["four", "five", "six"]] },
  { name: "one batch", batches: [["one", "two", "three"]] },
] as const;

describe.each(shapes)("a journal with $name", ({ batches }) => {
  const count = batches.flat().length;
  const durable = count - (batches.at(-1)?.length ?? 0);

  it("[weakness 18] that is cut at any byte keeps every whole record, and goes on", async () => {
    const written = await write(batches);
    const { bytes, ends } = written;
    for (let length = 0; length <= bytes.length; length++) {
      await expectTorn(withBytes(written, bytes.subarray(0, length)), Math.max(0, ends.filter((end) => end <= length).length - 1));
    }
  });

  it("that is sealed and cut at any byte says which records are lost", async () => {
    const written = await write(batches, { sealed: true });
    const { bytes, ends } = written;
    for (let length = 0; length < bytes.length; length++) {
      await expectDamaged(
        withBytes(written, bytes.subarray(0, length), { sealed: true }),
        Math.max(0, ends.filter((end) => end <= length).length - 1),
      );
    }
  });

  it.each([0x01, 0x80, 0xff])(
    "in which any byte is flipped by %i serves nothing wrong, and reports what had been durable as lost",
    async (flip) => {
      const { bytes, ends, texts } = await write(batches);
      for (let at = 0; at < bytes.length; at++) {
        const written = await write(batches);
        const hurt = Buffer.from(bytes);
        hurt[at] = (hurt[at] ?? 0) ^ flip;
        written.disk.setBytes(path, hurt);
        const bad = ends.findIndex((end) => at < end);
        if (bad === 0) await expectTorn(written, texts.length);
        else if (bad <= durable) await expectDamaged(written, bad - 1);
        else await expectTorn(written, bad - 1);
      }
    },
  );
});

describe("recovery", () => {
  it("finds a damage of many records by one that holds behind it", async () => {
    const written = await write(Array.from({ length: 40 }, (_, index) => [`record ${index + 1}`]));
    const hurt = Buffer.from(written.bytes);
    hurt.fill(0, written.ends[4], (written.ends[30] ?? 0) + 11);
    written.disk.setBytes(path, hurt);
    await expectDamaged(written, 4);
  });

  it("takes a lost beginning for damage, header and all", async () => {
    const written = await write([["one"], ["two"], ["three"], ["four"]]);
    const hurt = Buffer.from(written.bytes);
    hurt.fill(0, 0, (written.ends[1] ?? 0) - 3);
    written.disk.setBytes(path, hurt);
    await expectDamaged(written, 0);
  });

  it("serves nothing of what looks like records inside a torn event's body", async () => {
    const inner = await write([["a"], ["b"], ["c"], ["d"]]);
    const disk = new MemoryDisk("/runs");
    const journal = await Journal.create({ folder, runId, disk });
    await journal.append([draft("one")]);
    await journal.append([{ ...draft(""), body: inner.bytes }]);
    const { nextOffset } = journal.position;
    await journal.close();
    disk.setBytes(path, disk.bytesOf(path).subarray(0, nextOffset - 1));
    const { journal: second } = await Journal.open({ folder, runId, disk });
    await using _second = second;
    expect(await textsOf(second)).toEqual(["one"]);
  });

  it("gives each damage an epoch and a file of its own", async () => {
    const { disk } = await write([["one"], ["two"], ["three"]]);
    for (const epoch of [2, 3, 4]) {
      disk.setBytes(path, withFlip(disk.bytesOf(path), 64 + 44 + 3 + 40));
      const { journal, recovery } = await Journal.open({ folder, runId, disk });
      expect(recovery).toMatchObject({ kind: "damaged", lostFrom: 2, keptAs: `journal.damaged-2${epoch === 2 ? "" : `-${epoch - 1}`}` });
      expect(journal.epoch).toBe(epoch);
      await journal.append([draft("two again")]);
      await journal.append([draft("three again")]);
      await journal.close();
    }
    // The header's epoch is known by the files that were kept.
    disk.setBytes(path, withFlip(disk.bytesOf(path), 13));
    const { journal, recovery } = await Journal.open({ folder, runId, disk });
    await using _journal = journal;
    expect([recovery.kind, journal.epoch]).toEqual(["clean", 4]);
  });

  it("cuts what stands behind a sealed journal's last record", async () => {
    const written = await write([["one"], ["two"]], { sealed: true });
    written.disk.setBytes(path, Buffer.concat([written.bytes, Buffer.from("not a record")]));
    await expectTorn(written, 2);
  });

  it("is done anew for a sealed journal once a reader has met its damage", async () => {
    const written = await write([["one"], ["two"], ["three"], ["four"]], { sealed: true });
    written.disk.setBytes(path, withFlip(written.bytes, (written.ends[1] ?? 0) + 38));
    const { journal, recovery } = await Journal.open({ folder, runId, disk: written.disk });
    expect([recovery.kind, journal.sealed]).toEqual(["clean", true]);
    const one = await journal.resolve({ kind: "sequence", sequence: 1 });
    await expect(journal.read(one, { limit: 9, maxBytes: 1000 })).rejects.toMatchObject({ reason: "JOURNAL_DAMAGED" });
    await journal.close();
    await expectDamaged(written, 1);
  });

  it("syncs the file before it answers, and refuses where that fails", async () => {
    const { disk } = await write([["one"]]);
    const calls: string[] = [];
    disk.before = ({ name }) => void calls.push(name);
    await (await Journal.open({ folder, runId, disk })).journal.close();
    expect(calls).toContain("datasync");
    disk.before = ({ name }) => {
      if (name === "datasync") throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    await expect(Journal.open({ folder, runId, disk })).rejects.toMatchObject({ reason: "VOLUME_FAILED" });
  });
});

/** One life of a process: what it appends, in which groups, and at which call of the disk the power goes. */
const lives = fc.array(
  fc.record({
    groups: fc.array(fc.array(fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }), {
      maxLength: 4,
    }),
    seal: fc.boolean(),
    failSyncAt: fc.option(fc.nat(20)),
    diesAt: fc.nat(40),
    kept: fc.infiniteStream(fc.boolean()),
  }),
  { minLength: 1, maxLength: 5 },
);

describe("losing power at any call of the disk, again and again", () => {
  it("loses nothing that was acknowledged or seen, and invents nothing", async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        const disk = new MemoryDisk("/runs");
        let made = false;
        /** What a caller was told is durable, in order. */
        let durable: string[] = [];
        let submitted = new Set<string>();
        let unique = 0;
        for (const { groups, seal, failSyncAt, diesAt, kept } of [
          ...all,
          { groups: [], seal: false, failSyncAt: null, diesAt: Number.POSITIVE_INFINITY, kept: [].values() },
        ]) {
          const died = Promise.withResolvers<void>();
          let calls = 0;
          disk.before = ({ name }) => {
            if (calls++ === diesAt) died.resolve();
            if (calls > diesAt) return new Promise(() => {});
            if (name === "datasync" && calls === failSyncAt) throw Object.assign(new Error("EIO"), { code: "EIO" });
          };
          const live = async (): Promise<void> => {
            let journal: Journal;
            try {
              const opened = await Journal.open({ folder, runId, disk });
              journal = opened.journal;
              expect(opened.recovery.kind).not.toBe("damaged");
            } catch (error) {
              if (Fault.from(error).reason === "VOLUME_FAILED") return;
              if (Fault.from(error).reason !== "RUN_NOT_FOUND") throw error;
              expect(made).toBe(false);
              journal = await Journal.create({ folder, runId, disk });
            }
            made = true;
            const found = await textsOf(journal);
            expect(found.slice(0, durable.length)).toEqual(durable);
            for (const text of found.slice(durable.length)) expect(submitted).toContain(text);
            durable = found;
            submitted = new Set();
            if (journal.sealed) return await journal.close();
            for (const group of groups) {
              const batches = group.map((texts) => texts.map((text) => `${unique++} ${text}`));
              for (const text of batches.flat()) submitted.add(text);
              const done = await Promise.allSettled(
                batches.map(async (texts) => {
                  await journal.append(texts.map(draft));
                  durable.push(...texts);
                }),
              );
              if (done.some(({ status }) => status === "rejected")) await journal.recover();
              expect(await textsOf(journal)).toEqual(durable);
            }
            if (seal && journal.failure === undefined) await journal.seal().catch(() => undefined);
            await journal.close();
          };
          const living = live().catch((error: unknown) => {
            if (Fault.from(error).reason !== "VOLUME_FAILED") throw error;
          });
          await Promise.race([living, died.promise]);
          disk.crash(() => kept.next().value ?? false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
