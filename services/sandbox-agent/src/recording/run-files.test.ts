import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordingLimits } from "./recording-limits.ts";
import { RunFiles } from "./run-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

const { signal } = new AbortController();
async function* bytes(...chunks: readonly string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
}
const offer = (files: RunFiles, suggestedName: string, content: AsyncIterable<Uint8Array> = bytes("a", "b")) =>
  files.takeOffered({ suggestedName, contentType: "text/csv", content }, signal);

test.each([
  ["list.csv", "list.csv"],
  ["Übersicht 2026 (1).xlsx", "Ubersicht-2026-1.xlsx"],
  ["../../etc/passwd", "etc-passwd"],
  [".bashrc", "file.bashrc"],
  ["发票.pdf", "file.pdf"],
  ["", "file"],
  [`${"x".repeat(300)}.tar`, `${"x".repeat(96)}.tar`],
  ["trace.zip", "download-trace.zip"],
  ["playbook.yaml", "download-playbook.yaml"],
  ["of-hunter2-hunter2.txt", "of-redacted.txt"],
])("a page that offers %j gives the file a name that is flat, free and without secrets", async (suggested, name) => {
  const files = await RunFiles.open(folder, 1, createRedact(["hunter2-hunter2"]));
  expect(await offer(files, suggested)).toBe(name);
  expect(await readFile(join(folder, name), "utf8")).toBe("ab");
});

test("files of one name are numbered, and so are later attempts", async () => {
  const first = await RunFiles.open(folder, 1);
  expect((await Promise.all([offer(first, "a.csv"), offer(first, "a.csv"), offer(first, "a.csv")])).sort()).toEqual([
    "a-2.csv",
    "a-3.csv",
    "a.csv",
  ]);
  const second = await RunFiles.open(join(folder, "second"), 2);
  expect([await offer(second, "a.csv"), await offer(second, "a.csv")]).toEqual(["a-2.csv", "a-2-2.csv"]);
});

test("a file that is too large, or breaks off, leaves nothing behind", async () => {
  const files = await RunFiles.open(folder, 1);
  async function* large() {
    for (let sent = 0; sent <= recordingLimits.downloadBytes; sent += 2 ** 24) yield Buffer.alloc(2 ** 24);
  }
  async function* broken() {
    yield Buffer.from("half");
    throw new Error("cut");
  }
  await expect(offer(files, "large.bin", large())).rejects.toMatchObject({
    reason: "ACTION_FAILED",
    message: "The file is larger than 100 MiB.",
  });
  await expect(offer(files, "broken.bin", broken())).rejects.toThrow("cut");
  expect(await readdir(folder)).toEqual([]);
  expect(files.all).toEqual([]);
});

test("a page may offer twenty files", async () => {
  const files = await RunFiles.open(folder, 1);
  for (let count = 0; count < 20; count++) await offer(files, "a.csv");
  await expect(offer(files, "a.csv")).rejects.toMatchObject({ reason: "ACTION_FAILED" });
  expect(files.all).toHaveLength(20);
});

test("a run that writes without an end is refused before the disk is full, and still has its outcome", async () => {
  const files = await RunFiles.open(folder, 1);
  const text = (number: number) => ({ name: `text-${number}.txt`, kind: Artifact_Kind.DATA, contentType: "text/plain" });
  for (let count = 0; count < recordingLimits.keptFiles; count++) await files.write(text(count), "x");
  const full = { reason: "ACTION_FAILED", message: expect.stringContaining("as many files as it may") };
  await expect(files.write(text(1_000), "x")).rejects.toMatchObject(full);
  await expect(offer(files, "list.csv")).rejects.toMatchObject(full);
  expect(await readdir(folder)).toHaveLength(recordingLimits.keptFiles);
  expect(await files.writeWhereFits(text(1_001), "x")).toBeUndefined();
  expect(files.refused).toBe(3);
  await files.writeLast({ ...text(0), name: "outcome.json" }, "{}");
  expect(files.all.at(-1)?.name).toBe("outcome.json");
});
