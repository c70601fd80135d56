import { describe, expect, it } from "vitest";
import { Journal } from "./journal.ts";
import { draft, fail, faultOf, folder, hold, runId, textsOf, withFlip } from "./journal-test-kit.ts";
import { type DiskCall, MemoryDisk } from "./memory-disk.ts";

describe("a volume that fails", () => {
  it.each([
    ["datasync", "EIO", "VOLUME_FAILED"],
    ["write", "EIO", "VOLUME_FAILED"],
    ["datasync", "ENOSPC", "VOLUME_FULL"],
    ["write", "ENOSPC", "VOLUME_FULL"],
    ["write", "EDQUOT", "VOLUME_FULL"],
  ])("in %s with %s rejects all who wait with %s, keeps readers at the durable tail, and recovers", async (name, code, reason) => {
    const disk = new MemoryDisk("/runs");
    await using journal = await Journal.create({ folder, runId, disk });
    await journal.append([draft("a"), draft("b")]);
    const token = journal.tokenOf(journal.position);
    const held = hold(disk, name);
    const failing = faultOf(journal.append([draft("lost 1")]));
    await held.reached;
    const behind = faultOf(journal.append([draft("lost 2")]));
    // What came behind must not be written where that before it was not, even if the disk would take it.
    disk.before = () => {};
    held.fail(code);
    expect([(await failing).reason, (await behind).reason]).toEqual([reason, reason]);
    fail(disk, name, code);
    expect((await faultOf(journal.append([draft("lost 3")]))).reason).toBe(reason);
    expect(await textsOf(journal)).toEqual(["1 a", "2 b"]);
    // After a write for which there was no room there is nothing to mend but the length; else there is, and the disk still fails.
    if (name === "datasync" || code === "EIO") expect((await faultOf(journal.recover())).reason).toBe(reason);

    disk.before = () => {};
    await journal.recover();
    expect(journal.failure).toBeUndefined();
    expect(journal.epoch).toBe(1);
    await journal.append([draft("c")]);
    expect(await textsOf(journal, token)).toEqual(["3 c"]);
    await journal.close();
    disk.crash(() => false);
    const { journal: second, recovery } = await Journal.open({ folder, runId, disk });
    await using _second = second;
    expect(recovery).toEqual({ kind: "clean" });
    expect(await textsOf(second)).toEqual(["1 a", "2 b", "3 c"]);
  });

  it("shows nothing of a failed fsync after its process died, unless that is made durable for certain", async () => {
    const disk = new MemoryDisk("/runs");
    const first = await Journal.create({ folder, runId, disk });
    await first.append([draft("a")]);
    fail(disk, "datasync", "EIO");
    await faultOf(first.append([draft("b")]));
    disk.before = () => {};
    // The next process reads what the system still has in memory and does not mean to write any more.
    const { journal: second } = await Journal.open({ folder, runId, disk });
    const shown = await textsOf(second);
    disk.crash(() => false);
    const { journal: third } = await Journal.open({ folder, runId, disk });
    await using _third = third;
    expect(await textsOf(third)).toEqual(shown);
  });

  it("never has the handle whose fsync failed written or synced again", async () => {
    const disk = new MemoryDisk("/runs");
    await using journal = await Journal.create({ folder, runId, disk });
    await journal.append([draft("a")]);
    const before = disk.bytesOf(`${folder}/journal`);
    fail(disk, "datasync", "EIO");
    await faultOf(journal.append([draft("lost")]));
    const calls: DiskCall[] = [];
    disk.before = (call) => void calls.push(call);
    await journal.recover();
    await journal.append([draft("b")]);
    const changing = calls.filter(({ name }) => ["write", "datasync", "truncate"].includes(name));
    expect(changing.slice(0, 3).map(({ name, path }) => `${name} ${path.slice(folder.length)}`)).toEqual([
      "write /journal.new",
      "write /journal.new",
      "datasync /journal.new",
    ]);
    expect(disk.bytesOf(`${folder}/journal`).subarray(0, before.length)).toEqual(before);
  });

  it("does not recover over a durable part that no longer holds", async () => {
    const disk = new MemoryDisk("/runs");
    await using journal = await Journal.create({ folder, runId, disk });
    await journal.append([draft("a"), draft("b")]);
    fail(disk, "datasync", "EIO");
    await faultOf(journal.append([draft("lost")]));
    disk.before = () => {};
    disk.setBytes(`${folder}/journal`, withFlip(disk.bytesOf(`${folder}/journal`), 105));
    expect((await faultOf(journal.recover())).reason).toBe("JOURNAL_DAMAGED");
    expect((await faultOf(journal.append([draft("c")]))).reason).toBe("VOLUME_FAILED");
  });

  it("is told to whoever makes a journal on it", async () => {
    const disk = new MemoryDisk("/runs");
    fail(disk, "syncFolder", "EIO");
    expect((await faultOf(Journal.create({ folder, runId, disk }))).reason).toBe("VOLUME_FAILED");
    fail(disk, "write", "ENOSPC");
    expect((await faultOf(Journal.create({ folder: `${folder}-2`, runId, disk }))).reason).toBe("VOLUME_FULL");
  });
});
