import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { SettingsError } from "@clew/process/settings";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeVolume } from "./take-volume.ts";
import { unusableVolume } from "./unusable.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-take-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = { logger: createLogger({ name: "test", level: "silent" }), onLost() {}, waitMs: 300 };

/** All there is in a folder: names, bytes and when they were written. */
async function contents(of: string): Promise<string[]> {
  const names = (await readdir(of, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { mtimeMs, ctimeMs, size } = await stat(join(of, name));
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`;
    }),
  );
}

describe("a volume", () => {
  it("that cannot be made is refused at once, by the setting's name", async () => {
    await expect(takeVolume("/proc/no-folder/volume", options)).rejects.toThrow(/^CLEW_VOLUME: /);
    await using taken = await takeVolume(join(folder, "a", "b"), options);
    expect(taken.volume.folder).toBe(join(folder, "a", "b"));
  });

  it("is made where there is none, and taken again with the same key", async () => {
    const sign = async () => {
      await using taken = await takeVolume(join(folder, "new"), options);
      return taken.volume.sign("request", "x");
    };
    expect(await sign()).toBe(await sign());
    expect((await readdir(join(folder, "new"))).sort()).toEqual([
      "format.json",
      "reserve",
      "runs",
      "volume.holder",
      "volume.key",
      "volume.lock",
    ]);
    expect((await stat(join(folder, "new", "reserve"))).blocks * 512).toBeGreaterThanOrEqual(16 * 1024 * 1024);
  });

  it.each([
    ["of a newer format", JSON.stringify({ format: 2 }), /format 2, and this program knows 1; use a newer Clew/],
    ["whose format is no number", JSON.stringify({ format: "one" }), /cannot be understood/],
    ["whose format is not JSON", "{", /cannot be understood/],
    ["whose format is empty", "", /cannot be understood/],
  ])("%s is refused untouched", async (_, format, why) => {
    await mkdir(join(folder, "runs"));
    await writeFile(join(folder, "format.json"), format);
    await writeFile(join(folder, "volume.lock"), "of another kind in that format");
    const before = await contents(folder);
    const taking = takeVolume(folder, options);
    await expect(taking).rejects.toThrow(why);
    await expect(taking).rejects.toThrow(/^CLEW_VOLUME: /);
    await expect(taking).rejects.toBeInstanceOf(SettingsError);
    expect(await contents(folder)).toEqual(before);
    expect(await readFile(join(folder, "format.json"), "utf8")).toBe(format);
  });

  it("that another orchestrator holds is refused after the wait, naming that process, and not touched by the one that waits", async () => {
    await using _ = await takeVolume(folder, options);
    const before = (await contents(folder)).filter((line) => !line.startsWith("volume.lock"));
    // Within one process SQLite itself keeps the second out; test/recovery has two processes.
    await expect(takeVolume(folder, options)).rejects.toThrow(`another orchestrator (process ${process.pid}) holds this volume`);
    expect((await contents(folder)).filter((line) => !line.startsWith("volume.lock"))).toEqual(before);
  });

  it("that is a file is refused in words", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(takeVolume(file, options)).rejects.toThrow(/CLEW_VOLUME: it is not a folder/);
  });
});

it.each([
  ["EROFS", /read-only/],
  ["ENOSPC", /full/],
  ["EDQUOT", /full/],
  ["EACCES", /may not write/],
  ["EIO", /fails \(EIO\)/],
  ["ENOTDIR", /not a folder/],
])("says in words what %s means at the start, without a path", (code, words) => {
  const said = unusableVolume(Object.assign(new Error(`${code}: open '/secret/path'`), { code, syscall: "open" }));
  expect(said).toBeInstanceOf(SettingsError);
  expect(String(said)).toMatch(words);
  expect(String(said)).toMatch(/set another CLEW_VOLUME/);
  expect(String(said)).not.toContain("/secret");
});

it("leaves a mistake of the program what it is", () => {
  const mistake = new TypeError("not a function");
  expect(unusableVolume(mistake)).toBe(mistake);
});
