import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Disk, nodeDisk } from "../journal/disk.ts";
import { MemoryDisk } from "../journal/memory-disk.ts";
import { probeLock, probeVolume } from "./probe-volume.ts";
import { lockFile, lockVolume } from "./volume-lock.ts";

const folder = await mkdtemp(join(tmpdir(), "clew-probe-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A disk that does one thing otherwise than it should. */
function broken(change: (disk: MemoryDisk) => Partial<Disk>): Disk {
  const disk = new MemoryDisk("/volume");
  const bound: Disk = {
    open: (path, as) => disk.open(path, as),
    createFolder: (path) => disk.createFolder(path),
    list: (path) => disk.list(path),
    link: (from, to) => disk.link(from, to),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
  };
  return { ...bound, ...change(disk) };
}

describe("the probe of a volume", () => {
  it("finds nothing wrong with a local disk, and leaves nothing on it", async () => {
    await probeVolume(folder, nodeDisk);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each<[string, RegExp, (disk: MemoryDisk) => Partial<Disk>]>([
    [
      "creates over a file that is there",
      /creating a file only where there is none/,
      (disk) => ({
        open: (path, as) => disk.open(path, as === "exclusive" ? "fresh" : as),
      }),
    ],
    [
      "renames by copying",
      /renaming a file over another/,
      (disk) => ({
        async rename(from, to) {
          await disk.remove(to);
          await disk.link(from, to);
        },
      }),
    ],
    ["does not rename at all and says it did", /renaming a file over another/, () => ({ rename: async () => {} })],
    [
      "answers other bytes than were written",
      /reading back/,
      (disk) => ({
        async open(path, as) {
          const file = await disk.open(path, as);
          return as === "existing" ? Object.assign(file, { read: async (into: Uint8Array) => into.length }) : file;
        },
      }),
    ],
    [
      "gives second names that are taken",
      /second name/,
      (disk) => ({
        async link(from, to) {
          await disk.remove(to);
          await disk.link(from, to);
        },
      }),
    ],
  ])("refuses one that %s, and names the setting", async (_, what, change) => {
    const disk = broken(change);
    const probing = probeVolume("/volume", disk);
    await expect(probing).rejects.toThrow(what);
    await expect(probing).rejects.toThrow(/CLEW_VOLUME/);
    expect(await disk.list("/volume")).toEqual([]);
  });

  it.each(["datasync", "syncFolder", "write", "rename", "link"])("lets a disk that fails in %s say so itself", async (call) => {
    const disk = new MemoryDisk("/volume");
    disk.before = ({ name }) => {
      if (name === call) throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    await expect(probeVolume("/volume", disk)).rejects.toThrow("EIO");
  });
});

describe("the probe of a lock", () => {
  it("is content with one that keeps another process out", async () => {
    using _ = await lockVolume(folder, { onLost() {} });
    await probeLock(lockFile(folder));
  });

  it("refuses a volume whose lock another process can take", async () => {
    const file = join(folder, "nobody-holds-it");
    await expect(probeLock(file)).rejects.toThrow(/CLEW_VOLUME: locks do not work/);
  });
});
