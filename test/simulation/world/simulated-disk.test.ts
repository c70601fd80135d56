import { describe, expect, it } from "vitest";
import { createRandom } from "./random.ts";
import { Inode, SimulatedDisk } from "./simulated-disk.ts";

const fresh = { create: true, exclusive: false, truncate: false };
const seeds = Array.from({ length: 200 }, (_, seed) => seed);

/** What a loss of power leaves of a file, over many seeds; undefined where not even its name is left. */
function leftOver(prepare: (disk: SimulatedDisk, inode: Inode) => void): Set<string | undefined> {
  return new Set(
    seeds.map((seed) => {
      const disk = new SimulatedDisk();
      const inode = disk.open("/file", fresh);
      if (inode instanceof Inode) prepare(disk, inode);
      disk.crash(createRandom(seed));
      const found = disk.find("/file");
      return found instanceof Inode ? found.bytes.toString() : undefined;
    }),
  );
}

describe("a loss of power", () => {
  it("leaves what was synced, under a name that was synced", () => {
    const left = leftOver((disk, inode) => {
      disk.write(inode, Buffer.from("abc"), 0);
      disk.sync(inode);
      disk.sync(disk.root);
    });
    expect([...left]).toEqual(["abc"]);
  });

  it("may take the name of a file whose folder was not synced, however well the file was", () => {
    const left = leftOver((disk, inode) => {
      disk.write(inode, Buffer.from("abc"), 0);
      disk.sync(inode);
    });
    expect(left).toEqual(new Set(["abc", undefined]));
  });

  it("drops, keeps or tears at any byte what was not synced", () => {
    const left = leftOver((disk, inode) => {
      disk.sync(disk.root);
      disk.write(inode, Buffer.from("abc"), 0);
    });
    expect(left).toEqual(new Set(["", "a", "ab", "abc"]));
  });

  it("takes what an fsync failed for, although it was still read and synced again", () => {
    const left = leftOver((disk, inode) => {
      disk.sync(disk.root);
      disk.write(inode, Buffer.from("abc"), 0);
      disk.failingSyncs = 1;
      expect(() => disk.sync(inode)).toThrow("EIO");
      expect(inode.bytes.toString()).toBe("abc");
      disk.sync(inode);
    });
    expect([...left]).toEqual([""]);
  });
});
