import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { nodeDisk } from "../journal/disk.ts";
import { readArtifact, storeArtifact } from "./artifact-store.ts";
import { expireArtifacts } from "./expired-artifacts.ts";

const text = async (chunks: AsyncIterable<Buffer>) => Buffer.concat(await Array.fromAsync(chunks)).toString();

it("stores a file whole and reads any part of it", async () => {
  await using folder = await tempFolder();
  const run = folder.path;
  const stored = await storeArtifact(run, "notes.txt", [Buffer.from("hello "), Buffer.from("world")]);
  expect(stored).toEqual({ sizeBytes: 11, sha256: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9" });
  expect(await text(readArtifact(run, "notes.txt", 0, 0))).toBe("hello world");
  expect(await text(readArtifact(run, "notes.txt", 6, 3))).toBe("wor");
  await expect(text(readArtifact(run, "notes.txt", 11, 0))).rejects.toMatchObject({ reason: "RANGE_NOT_SATISFIABLE" });
});

it("makes the name of the folder it stores in durable as well", async () => {
  await using folder = await tempFolder();
  const syncing = vi.spyOn(nodeDisk, "syncFolder");
  try {
    await storeArtifact(folder.path, "notes.txt", []);
    expect(syncing.mock.calls.flat()).toEqual([folder.path, join(folder.path, "artifacts")]);
  } finally {
    syncing.mockRestore();
  }
});

it("makes no folder anew of a run that is gone, to say that its artifacts are", async () => {
  await using folder = await tempFolder();
  const gone = join(folder.path, "run");
  await expect(expireArtifacts(gone)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await readdir(folder.path)).toEqual([]);
});

it("leaves nothing of a file whose source breaks", async () => {
  await using folder = await tempFolder();
  const run = folder.path;
  const broken = async function* () {
    yield Buffer.from("half");
    throw new Error("cut");
  };
  await expect(storeArtifact(run, "half.txt", broken())).rejects.toThrow("cut");
  expect(await readdir(run)).toEqual(["artifacts"]);
  expect(await readdir(join(run, "artifacts"))).toEqual([]);
});

it.each(["../journal", ".hidden", "a/b", "", "x".repeat(121), "nul\0"])("refuses the name %j", async (name) => {
  await using folder = await tempFolder();
  const run = folder.path;
  await expect(storeArtifact(run, name, [])).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  await expect(text(readArtifact(run, name, 0, 0))).rejects.toMatchObject({ reason: "ARTIFACT_NOT_FOUND" });
});
