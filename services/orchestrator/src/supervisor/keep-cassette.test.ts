import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import { keepCassette } from "./keep-cassette.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";

const runId = `run-${"5".repeat(32)}`;

let temp: TempFolder;
let log: RunLog;
let runFolder: string;
let workFolder: string;
beforeEach(async () => {
  temp = await tempFolder();
  runFolder = join(temp.path, runId);
  workFolder = join(temp.path, "work");
  await mkdir(workFolder);
  const journal = await Journal.create({ folder: runFolder, runId, onDurable: (records) => log.hear(records) });
  log = new RunLog(journal, undefined, () => {});
  const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED });
  await log.begin([
    { attempt: 0, summary: "", payload: { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } } },
  ]);
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

const keep = (attempt = 1, password = 'a "quoted" word') => {
  const spec = RunSpec.fromPartial({ credentials: { password } });
  return keepCassette({ log, attempt, runFolder, workFolder, spec, secrets: new RunSecrets(spec) }, AbortSignal.timeout(20_000));
};

it("keeps a cassette of each attempt, once, with secrets masked as JSON writes them", async () => {
  const line = JSON.stringify({ request: { text: 'He typed a "quoted" word.' } });
  await writeFile(placesOf(workFolder).cassette, `{"cassette":1}\n${line}\n`);
  await keep();
  await keep();
  await keep(2);
  expect(log.fold.artifacts.map(({ name }) => name)).toEqual(["cassette.jsonl", "cassette-2.jsonl"]);
  const kept = await readFile(join(runFolder, "artifacts", "cassette.jsonl"), "utf8");
  expect(kept).not.toContain("quoted");
  expect(
    kept
      .split("\n")
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text)),
  ).toHaveLength(2);
});

it("keeps none where none was recorded", async () => {
  await keep();
  expect(log.fold.artifacts).toEqual([]);
});

it("leaves a cassette out whose secrets are no longer known", async () => {
  await writeFile(placesOf(workFolder).cassette, '{"cassette":1}\n');
  await keep(1, "");
  expect(log.fold.artifacts).toEqual([]);
  expect(log.fold.run.lastSequence).toBe(2);
});
