import { mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { toRunId } from "../runs/run-id.ts";
import { type KeptRecord, KeptRecords } from "./kept-records.ts";

let temp: TempFolder;
let records: KeptRecords;
beforeEach(async () => {
  temp = await tempFolder();
  records = await KeptRecords.open({ folder: temp.path }, createLogger({ name: "test", level: "silent" }));
});
afterEach(() => temp[Symbol.asyncDispose]());

const ids = ["1", "2", "3"].map((digit) => toRunId(digit.repeat(32)));
const recordOf = (runId: string, sinceMs: number): KeptRecord => ({
  runId,
  tenant: "default",
  sinceMs,
  untilMs: sinceMs + 1_000,
  handle: {
    runId,
    attempt: 1,
    isolation: "process",
    wardenAddress: "unix:/nowhere/warden",
    agentAddress: "unix:/nowhere/agent",
    workFolder: "/nowhere",
    pid: 2,
    startTime: "1",
    bootId: "1",
  },
});

it("lists what is on record, the oldest first, until it is forgotten", async () => {
  const [first = "", second = ""] = ids;
  for (const record of [recordOf(second, 2), recordOf(first, 1)]) await records.save(record);
  expect(await records.list()).toEqual({ records: [recordOf(first, 1), recordOf(second, 2)], isWhole: true });
  await records.remove(first);
  await records.remove(first);
  expect(await records.list()).toEqual({ records: [recordOf(second, 2)], isWhole: true });
});

it("removes what is no record, and leaves one that cannot be read now for the next time", async () => {
  const [good = "", torn = "", unread = ""] = ids;
  const place = (name: string) => join(temp.path, "kept", name);
  await records.save(recordOf(good, 1));
  await mkdir(place("folder.json"));
  for (const name of [`${torn}.json`, "other", `${good}.json.ab.tmp`]) await writeFile(place(name), "{");
  expect(await records.list()).toEqual({ records: [recordOf(good, 1)], isWhole: true });
  expect(await readdir(place(""))).toEqual([`${good}.json`]);
  // More than Node reads at once.
  await writeFile(place(`${unread}.json`), "{");
  await truncate(place(`${unread}.json`), 3 * 1024 ** 3);
  expect(await records.list()).toEqual({ records: [recordOf(good, 1)], isWhole: false });
  expect(await readdir(place(""))).toContain(`${unread}.json`);
});
