import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogFile } from "./log-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-log-"));
});
afterEach(() => rm(folder, { recursive: true }));

const linesOf = async (path: string) =>
  (await readFile(path, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("a line can be read as soon as it is written", async () => {
  const path = join(folder, "a.ndjson");
  using log = LogFile.open(path, 1_000);
  log.write({ text: "one\ntwo" });
  expect(await linesOf(path)).toEqual([{ text: "one\ntwo" }]);
});

test("a full log says so once and takes no more, and a closed one takes none", async () => {
  const path = join(folder, "a.ndjson");
  using log = LogFile.open(path, 50);
  for (let count = 0; count < 10; count++) log.write({ text: "0123456789" });
  expect(await linesOf(path)).toEqual([{ text: "0123456789" }, { text: "0123456789" }, expect.objectContaining({ full: true })]);
  log[Symbol.dispose]();
  log.write({ text: "late" });
  expect(await linesOf(path)).toHaveLength(3);
});
