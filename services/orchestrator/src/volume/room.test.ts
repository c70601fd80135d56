import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { limits } from "../runs/limits.ts";
import { Room } from "./room.ts";

const plenty = 100 * limits.reserveBytes;
const sizeOf = (folder: string) =>
  stat(join(folder, "reserve")).then(
    ({ size }) => size,
    () => 0,
  );

/** A room whose looks are asked for, never timed. */
async function openRoom(folder: string) {
  const disk = { free: plenty };
  const room = await Room.open({ folder, freeBytes: async () => disk.free, lookMs: 3_600_000 });
  return { disk, room };
}

describe("the reserve", () => {
  it("is made at the start, kept at the next, and made whole where it is not", async () => {
    await using folder = await tempFolder();
    const { room } = await openRoom(folder.path);
    await room[Symbol.asyncDispose]();
    const { ino, mtimeMs } = await stat(join(folder.path, "reserve"));
    expect([await sizeOf(folder.path), room.isFull]).toEqual([limits.reserveBytes, false]);
    const again = await openRoom(folder.path);
    await again.room[Symbol.asyncDispose]();
    expect(await stat(join(folder.path, "reserve"))).toMatchObject({ ino, mtimeMs });
    await writeFile(join(folder.path, "reserve"), "a part of it");
    const { room: third } = await openRoom(folder.path);
    await using _ = third;
    expect([await sizeOf(folder.path), third.isFull]).toEqual([limits.reserveBytes, false]);
  });

  it("is given up for a write that found no room, said once, and made again only with room to spare", async () => {
    await using folder = await tempFolder();
    const { disk, room } = await openRoom(folder.path);
    await using _ = room;
    const said: boolean[] = [];
    using _watch = room.watch((isFull) => said.push(isFull));
    disk.free = 2 * limits.reserveBytes - 1;
    await Promise.all([room.giveUp(), room.giveUp()]);
    expect([await sizeOf(folder.path), room.isFull, said]).toEqual([0, true, [true]]);
    await expect(room.require()).rejects.toMatchObject({ reason: "VOLUME_FULL", retryAfterMs: 10_000 });
    disk.free = 2 * limits.reserveBytes;
    await room.require();
    expect([await sizeOf(folder.path), room.isFull, said]).toEqual([limits.reserveBytes, false, [true, false]]);
  });

  it("is given up, not kept, where a write finds no room while it is being made", async () => {
    await using folder = await tempFolder();
    const { room } = await openRoom(folder.path);
    await using _ = room;
    await room.giveUp();
    const making = room.look();
    await room.giveUp();
    await making;
    expect([await sizeOf(folder.path), room.isFull]).toEqual([0, true]);
  });

  it("is not there where it never had room, and the volume is full until it has", async () => {
    await using folder = await tempFolder();
    const disk = { free: limits.reserveBytes };
    await using room = await Room.open({ folder: folder.path, freeBytes: async () => disk.free, lookMs: 5 });
    expect([await sizeOf(folder.path), room.isFull]).toEqual([0, true]);
    const made = Promise.withResolvers<boolean>();
    using _watch = room.watch(made.resolve);
    disk.free = plenty;
    expect(await made.promise).toBe(false);
  });
});
