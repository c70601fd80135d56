import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { limits } from "../runs/limits.ts";
import { Room } from "../volume/room.ts";
import { inputPaths, keepInputs } from "./input-files.ts";
import { Uploads } from "./uploads.ts";

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe("an uploaded file", () => {
  let temp: TempFolder;
  let nowMs: number;
  let uploads: Uploads;
  const names = () => readdir(join(temp.path, "files"));
  beforeEach(async () => {
    temp = await tempFolder();
    nowMs = Date.now();
    uploads = new Uploads({ volumeFolder: temp.path, now: () => nowMs });
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  it("is stored as it came, and found by its tenant only", async () => {
    const { fileId, sizeBytes, sha256 } = await uploads.store("acme", "a.csv", chunks("1,", "2"));
    expect([sizeBytes, sha256]).toEqual([3, "17f8af97ad4a7f7639a4c9171d5185cbafb85462877a4746c21bdb0a4f940ca0"]);
    const found = await uploads.find("acme", fileId);
    expect([found.name, await readFile(found.path, "utf8")]).toEqual(["a.csv", "1,2"]);
    await expect(uploads.find("other", fileId)).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
    await expect(uploads.find("acme", "../volume.key")).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
  });

  it("that is too large, or breaks off, or finds no room, leaves nothing", async () => {
    const many = async function* () {
      const block = Buffer.alloc(1024 * 1024);
      for (let sent = 0; sent <= limits.uploadBytes; sent += block.length) yield block;
    };
    await expect(uploads.store("acme", "big", many())).rejects.toMatchObject({ reason: "BODY_TOO_LARGE" });
    const broken = async function* () {
      yield Buffer.from("half");
      throw new Error("gone");
    };
    await expect(uploads.store("acme", "half", broken())).rejects.toThrow("gone");
    await using room = await Room.open({ folder: temp.path, freeBytes: async () => 40 * 1024 * 1024 });
    const full = new Uploads({ volumeFolder: temp.path, room });
    await expect(full.store("acme", "a", chunks("x"))).rejects.toMatchObject({ reason: "VOLUME_FULL" });
    expect(await names()).toEqual([]);
  });

  it("goes after its time, and a run that has it keeps it", async () => {
    const { fileId, path } = await uploads.store("acme", "a.csv", chunks("kept"));
    const runFolder = join(temp.path, "run");
    await mkdir(runFolder);
    await keepInputs(runFolder, [{ name: "b.csv", path }]);
    expect(await uploads.sweep()).toBe(0);
    nowMs += limits.uploadHours * 3_600_000;
    await expect(uploads.find("acme", fileId)).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
    expect(await uploads.sweep()).toBe(1);
    expect(await names()).toEqual([]);
    const [kept] = inputPaths(runFolder, [{ name: "b.csv" }]);
    expect(await readFile(kept?.path ?? "", "utf8")).toBe("kept");
    await expect(keepInputs(join(temp.path, "run"), [{ name: "c.csv", path }])).rejects.toMatchObject({ reason: "FILE_NOT_FOUND" });
  });

  it("that was cut short goes when nobody can be writing it any more", async () => {
    await uploads.store("acme", "a", chunks("x"));
    const left = join(temp.path, "files", `file-${"0".repeat(32)}.tmp`);
    await writeFile(left, "half");
    await uploads.sweep();
    expect(await names()).toHaveLength(3);
    const longAgo = new Date(nowMs - limits.uploadHours * 3_600_000 - 1_000);
    await utimes(left, longAgo, longAgo);
    await uploads.sweep();
    expect(await names()).toHaveLength(2);
  });
});
