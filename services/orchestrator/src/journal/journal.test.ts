import { access, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Producer } from "@clew/journal-format/record";
import { formatResumeToken, parsePosition } from "@clew/journal-format/resume-token";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal, type JournalRecord } from "./journal.ts";
import { all, draft, faultOf, folder, hold, runId, textsOf, withFlip } from "./journal-test-kit.ts";
import { MemoryDisk } from "./memory-disk.ts";

describe("a journal on the real file system", () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "clew-journal-"));
  });
  afterEach(() => rm(parent, { recursive: true }));

  it("keeps what was appended, over a close and a new opening", async () => {
    const place = { folder: join(parent, runId), runId };
    await using first = await Journal.create(place);
    await first.append([draft("a"), draft("b")]);
    await first.append([draft("c", { producer: Producer.AGENT, producerSequence: 4 })]);
    await first.close();
    const { journal, recovery } = await Journal.open(place);
    await using second = journal;
    expect(recovery).toEqual({ kind: "clean" });
    expect(second.durable).toBe(3);
    expect(second.tail.value).toBe(3);
    expect(second.producerPosition(1, Producer.AGENT)).toBe(4);
    await second.append([draft("d")]);
    expect(await textsOf(second)).toEqual(["1 a", "2 b", "3 c", "4 d"]);
  });

  it("is mended when it was torn, and kept as it was when it was damaged", async () => {
    const place = { folder: join(parent, runId), runId };
    const file = join(place.folder, "journal");
    const first = await Journal.create(place);
    for (const text of ["a", "b", "c"]) await first.append([draft(text)]);
    await first.close();
    await truncate(file, (await stat(file)).size - 1);
    const torn = await Journal.open(place);
    expect(torn.recovery).toEqual({ kind: "torn", cutBytes: 44 });
    await torn.journal.append([draft("c again")]);
    await torn.journal.close();
    const hurt = withFlip(await readFile(file), 64 + 40);
    await writeFile(file, hurt);
    const damaged = await Journal.open(place);
    await using journal = damaged.journal;
    expect(damaged.recovery).toEqual({ kind: "damaged", lostFrom: 1, lostTo: 3, keptAs: "journal.damaged-1" });
    expect(await readFile(join(place.folder, "journal.damaged-1"))).toEqual(hurt);
    await journal.append([draft("a again")]);
    expect([journal.epoch, await textsOf(journal)]).toEqual([2, ["1 a again"]]);
  });

  it("is made once: a second making is refused and hurts nothing", async () => {
    const place = { folder: join(parent, runId), runId };
    await using journal = await Journal.create(place);
    await journal.append([draft("a")]);
    expect((await faultOf(Journal.create(place))).reason).toBe("VOLUME_FAILED");
    expect(await textsOf(journal)).toEqual(["1 a"]);
  });

  it("is not found where there is none", async () => {
    expect((await faultOf(Journal.open({ folder: join(parent, runId), runId }))).reason).toBe("RUN_NOT_FOUND");
  });

  it("is not opened as another run's, and is left as it is", async () => {
    await (await Journal.create({ folder: join(parent, runId), runId })).close();
    const other = { folder: join(parent, runId), runId: `run-${"f".repeat(32)}` };
    expect((await faultOf(Journal.open(other))).reason).toBe("JOURNAL_DAMAGED");
    const { journal, recovery } = await Journal.open({ folder: join(parent, runId), runId });
    expect(recovery.kind).toBe("clean");
    await journal.close();
  });

  it("opens at once when sealed, without being read, and finds every sequence and token", async () => {
    const place = { folder: join(parent, runId), runId };
    const journal = await Journal.create(place);
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        journal.append([draft(`${index + 1}`, { producer: Producer.WARDEN, producerSequence: index + 1 })]),
      ),
    );
    await journal.seal();
    await journal.close();
    await access(join(place.folder, "journal.index"));
    const { journal: sealed, recovery } = await Journal.open(place);
    await using _sealed = sealed;
    expect([recovery.kind, sealed.sealed, sealed.durable, sealed.producerPosition(1, Producer.WARDEN)]).toEqual([
      "clean",
      true,
      1000,
      1000,
    ]);
    for (const sequence of [0, 1, 255, 256, 257, 511, 999, 1000]) {
      const position = await sealed.resolve({ kind: "sequence", sequence });
      expect(position.sequence).toBe(sequence);
      expect(await sealed.resolve(parsePosition(sealed.tokenOf(position), runId))).toEqual(position);
      const [next] = await sealed.read(position, { limit: 1, maxBytes: 1 });
      expect(next === undefined ? "end" : Buffer.from(next.body).toString()).toBe(sequence === 1000 ? "end" : `${sequence + 1}`);
    }
    expect((await faultOf(sealed.append([draft("late")]))).reason).toBe("INTERNAL");
  });
});

describe("appending", () => {
  it("flushes at once when idle, and what comes meanwhile as one batch, in order", async () => {
    const disk = new MemoryDisk("/runs");
    await using journal = await Journal.create({ folder, runId, disk });
    const calls: string[] = [];
    const first = hold(disk, "datasync");
    const held = disk.before;
    disk.before = (call) => {
      calls.push(call.name);
      return held(call);
    };
    const order: number[] = [];
    const append = async (text: string) => order.push(...(await journal.append([draft(text)])).map(({ sequence }) => sequence));
    const appends = [append("a")];
    await first.reached;
    for (const text of ["b", "c", "d"]) appends.push(append(text));
    first.release();
    await Promise.all(appends);
    expect(order).toEqual([1, 2, 3, 4]);
    expect(calls).toEqual(["write", "datasync", "write", "datasync"]);
    expect(await textsOf(journal)).toEqual(["1 a", "2 b", "3 c", "4 d"]);
  });

  it("keeps the drafts of one append together, whatever comes beside it", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    const appended = await Promise.all([
      journal.append([draft("a1"), draft("a2")]),
      journal.append([]),
      journal.append([draft("b1")]),
      journal.append([draft("c1"), draft("c2"), draft("c3")]),
    ]);
    expect(appended.map((records) => records.map(({ sequence }) => sequence))).toEqual([[1, 2], [], [3], [4, 5, 6]]);
    expect(await textsOf(journal)).toEqual(["1 a1", "2 a2", "3 b1", "4 c1", "5 c2", "6 c3"]);
  });

  it("says in each record what was known durable when it was written", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    await journal.append([draft("a")]);
    await journal.append([draft("b"), draft("c")]);
    await journal.append([draft("d")]);
    const records = await journal.read(await journal.resolve({ kind: "start" }), all);
    expect(records.map(({ durable }) => durable)).toEqual([0, 1, 1, 3]);
  });

  it("answers the records exactly as a reader gets them", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    const appended = (
      await Promise.all(
        ["a", "", "ccc"].map((text) => journal.append([draft(text, { attempt: 2, producer: Producer.AGENT, producerSequence: 9 })])),
      )
    ).flat();
    const read = await journal.read(await journal.resolve({ kind: "start" }), all);
    const plain = (record: JournalRecord) => ({
      ...record,
      body: Buffer.from(record.body).toString(),
      chain: Buffer.from(record.chain).toString("hex"),
    });
    expect(read.map(plain)).toEqual(appended.map(plain));
  });

  it("shows readers nothing that is not durable, and tells the registry before them", async () => {
    const disk = new MemoryDisk("/runs");
    const told: string[] = [];
    let journal: Journal | undefined;
    const onDurable = (records: readonly JournalRecord[]) => {
      told.push(`${records.map(({ sequence }) => sequence).join()} while the tail is ${journal?.tail.value}`);
    };
    journal = await Journal.create({ folder, runId, disk, onDurable });
    await using _journal = journal;
    const start = await journal.resolve({ kind: "start" });
    const sync = hold(disk, "datasync");
    const appended = journal.append([draft("a"), draft("b")]);
    await sync.reached;
    expect(disk.bytesOf(`${folder}/journal`).length).toBeGreaterThan(64 + 2 * 44);
    expect([journal.durable, journal.tail.value, await journal.read(start, all), told]).toEqual([0, 0, [], []]);
    expect((await journal.resolve({ kind: "now" })).sequence).toBe(0);
    expect((await faultOf(journal.resolve({ kind: "sequence", sequence: 1 }))).reason).toBe("FUTURE");
    expect(journal.producerPosition(1, Producer.ORCHESTRATOR)).toBe(0);
    const woken = journal.tail.waitAbove(0);
    sync.release();
    await woken;
    expect(told).toEqual(["1,2 while the tail is 0"]);
    await appended;
    expect(await textsOf(journal)).toEqual(["1 a", "2 b"]);
  });

  it("never lets time go back, in one life or over two", async () => {
    const disk = new MemoryDisk("/runs");
    const times = [1000, 900, 1100];
    const journal = await Journal.create({ folder, runId, disk, now: () => times.shift() ?? 0 });
    for (const text of ["a", "b", "c"]) await journal.append([draft(text)]);
    await journal.close();
    const { journal: second } = await Journal.open({ folder, runId, disk, now: () => 5 });
    await using _second = second;
    await second.append([draft("d")]);
    const records = await second.read(await second.resolve({ kind: "start" }), all);
    expect(records.map(({ timeMs }) => timeMs)).toEqual([1000, 1000, 1100, 1100]);
  });

  it("refuses a body over the bound and goes on", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    await expect(journal.append([draft("a"), draft("x".repeat(64 * 1024 + 1))])).rejects.toThrow(RangeError);
    await journal.append([draft("x".repeat(64 * 1024))]);
    expect(journal.durable).toBe(1);
  });

  it("writes what is in the queue before it closes, and refuses what comes later", async () => {
    const disk = new MemoryDisk("/runs");
    const journal = await Journal.create({ folder, runId, disk });
    const appended = journal.append([draft("a")]);
    const waiting = faultOf(journal.tail.waitAbove(1));
    await journal.close();
    expect((await appended).length).toBe(1);
    expect((await waiting).reason).toBe("SHUTTING_DOWN");
    expect((await faultOf(journal.append([draft("b")]))).reason).toBe("SHUTTING_DOWN");
    expect((await faultOf(journal.read(journal.position, all))).reason).toBe("SHUTTING_DOWN");
  });
});

describe("reading", () => {
  it("answers no more than asked for, and one record however long it is", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    await journal.append([draft("x".repeat(1000)), draft("y".repeat(60_000)), draft("z"), draft("z")]);
    const start = await journal.resolve({ kind: "start" });
    expect(await journal.read(start, { limit: 1, maxBytes: 100_000 })).toHaveLength(1);
    expect(await journal.read(start, { limit: 9, maxBytes: 2000 })).toHaveLength(1);
    expect(await journal.read(start, { limit: 9, maxBytes: 1 })).toHaveLength(1);
    expect(await journal.read(start, { limit: 9, maxBytes: 100_000 })).toHaveLength(4);
    expect(await journal.read(await journal.resolve({ kind: "sequence", sequence: 1 }), { limit: 9, maxBytes: 2000 })).toHaveLength(1);
  });

  it("never serves a record that has changed on the disk", async () => {
    const disk = new MemoryDisk("/runs");
    await using journal = await Journal.create({ folder, runId, disk });
    for (const text of ["a", "b", "c"]) await journal.append([draft(text)]);
    const start = await journal.resolve({ kind: "start" });
    const [first] = await journal.read(start, all);
    if (first === undefined) throw new Error("There is a first record.");
    disk.setBytes(`${folder}/journal`, withFlip(disk.bytesOf(`${folder}/journal`), first.nextOffset + 40));
    // The journal still has the file it opened; a second one opens what lies there now.
    const { journal: hurt } = await Journal.open({ folder, runId, disk });
    await using _hurt = hurt;
    expect(await textsOf(hurt)).toEqual(["1 a"]);
    expect((await faultOf(hurt.read({ ...start, chain: new Uint8Array(8) }, all))).reason).toBe("JOURNAL_DAMAGED");
  });
});

describe("a reader's position", () => {
  it("is refused beyond the tail, with the token of the beginning", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    const [record] = await journal.append([draft("a")]);
    if (record === undefined) throw new Error("There is a record.");
    const earliest = journal.tokenOf(await journal.resolve({ kind: "start" }));
    const beyond = parsePosition(
      formatResumeToken({ runId, epoch: 1, sequence: 2, chain: record.chain, offset: record.nextOffset }),
      runId,
    );
    for (const parsed of [beyond, parsePosition("2", runId), parsePosition("99999999999", runId)]) {
      const fault = await faultOf(journal.resolve(parsed));
      expect([fault.reason, fault.details]).toEqual(["FUTURE", { earliest }]);
    }
    expect((await journal.resolve(parsePosition(earliest, runId))).sequence).toBe(0);
  });

  it("is refused where the token's history is not the journal's", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    await using other = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    await journal.append([draft("a"), draft("b")]);
    await other.append([draft("A"), draft("b")]);
    const token = other.tokenOf(await other.resolve({ kind: "now" }));
    const fault = await faultOf(journal.resolve(parsePosition(token, runId)));
    expect(fault.reason).toBe("DIVERGED");
    expect((await journal.resolve(parsePosition(fault.details.earliest ?? "", runId))).sequence).toBe(0);
  });

  it("is refused where the token points between records, before the first, or behind the last", async () => {
    await using journal = await Journal.create({ folder, runId, disk: new MemoryDisk("/runs") });
    const [record] = await journal.append([draft("a".repeat(100))]);
    if (record === undefined) throw new Error("There is a record.");
    for (const offset of [0, 8, 63, 65, record.offset + 36, record.nextOffset, 2 ** 48 - 1]) {
      const parsed = parsePosition(formatResumeToken({ runId, epoch: 1, sequence: 1, chain: record.chain, offset }), runId);
      expect((await faultOf(journal.resolve(parsed))).reason, `${offset}`).toBe("DIVERGED");
    }
  });
});
