import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import { decodeRecord } from "./decode-record.ts";
import { keepEgress } from "./keep-egress.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";

const runId = `run-${"4".repeat(32)}`;

let temp: TempFolder;
let log: RunLog;
let runFolder: string;
let workFolder: string;
let warnings: string[];
beforeEach(async () => {
  temp = await tempFolder();
  runFolder = join(temp.path, runId);
  workFolder = join(temp.path, "work");
  await mkdir(workFolder);
  warnings = [];
  const journal = await Journal.create({
    folder: runFolder,
    runId,
    onDurable: (records) => {
      log.hear(records);
      for (const { payload } of records.map((record) => decodeRecord(journal, record)))
        if (payload?.$case === "warningRaised") warnings.push(payload.value.reason);
    },
  });
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

const keep = (attempt = 1) => {
  const secrets = new RunSecrets(RunSpec.fromPartial({ credentials: { password: "Hunter22" } }));
  return keepEgress({ log, attempt, runFolder, workFolder, secrets }, AbortSignal.timeout(20_000));
};

it("keeps what a sandbox exchanged, with secrets masked as hosts would hold them, once", async () => {
  await writeFile(placesOf(workFolder).egress, '{"entries":[{"host":"hunter22.evil.example"}]}');
  await keep();
  await keep();
  await keep(2);
  expect(log.fold.artifacts.map(({ name }) => name)).toEqual(["egress.json", "egress-2.json"]);
  expect(await readFile(join(runFolder, "artifacts", "egress.json"), "utf8")).toBe('{"entries":[{"host":"[redacted].evil.example"}]}');
});

it("keeps nothing where there is nothing, or something else in its place", async () => {
  await keep();
  await writeFile(join(temp.path, "other"), "{}");
  await symlink(join(temp.path, "other"), placesOf(workFolder).egress);
  await expect(keep()).rejects.toThrow("ELOOP");
  expect(log.fold.artifacts).toEqual([]);
});

it("warns where there is too much to be kept", async () => {
  await writeFile(placesOf(workFolder).egress, "x".repeat(1024 * 1024 + 1));
  await keep();
  expect(log.fold.artifacts).toEqual([]);
  expect(warnings).toEqual(["EGRESS_LOST"]);
});
