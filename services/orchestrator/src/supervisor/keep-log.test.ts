import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import { decodeRecord } from "./decode-record.ts";
import { keepLog } from "./keep-log.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";

const runId = `run-${"3".repeat(32)}`;

let temp: TempFolder;
let log: RunLog;
let runFolder: string;
let workFolder: string;
beforeEach(async () => {
  temp = await tempFolder();
  runFolder = join(temp.path, runId);
  workFolder = join(temp.path, "work");
  await mkdir(workFolder);
  await writeFile(join(workFolder, "warden.log"), "the agent ended\n");
  await writeFile(join(workFolder, "agent.log"), "typed hunter22\n");
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

async function keep(password: string, logsFrom?: { warden: number; agent: number }): Promise<{ text: string; said: string[] }> {
  const spec = RunSpec.fromPartial({ credentials: { password } });
  const lost = { log, attempt: 1, runFolder, workFolder, logsFrom, spec, secrets: new RunSecrets(spec) };
  await keepLog(lost, AbortSignal.timeout(20_000));
  const records = await log.journal.read(await log.journal.resolve({ kind: "start" }), { limit: 100, maxBytes: 1_000_000 });
  const said = records.slice(1).map((record) => decodeRecord(log.journal, record).type);
  return { text: await readFile(join(runFolder, "artifacts", "sandbox-1.log"), "utf8"), said };
}

it("keeps the logs of a lost sandbox with its secrets masked", async () => {
  const { text, said } = await keep("hunter22");
  expect(text).toContain("typed [redacted]");
  expect(said).toEqual(["artifactStored"]);
});

it("keeps no line of the runs that had the sandbox before", async () => {
  const logsFrom = { warden: "the agent ended\n".length, agent: "typed hunter22\n".length };
  await writeFile(join(workFolder, "agent.log"), "typed hunter22\nclicked\n");
  expect((await keep("hunter22", logsFrom)).text).toBe("--- warden ---\n\n--- agent ---\nclicked\n\n");
});

it("keeps nothing the agent wrote where its secrets are no longer known, and says so", async () => {
  const { text, said } = await keep("");
  expect(text).toBe("--- warden ---\nthe agent ended\n\n");
  expect(said).toEqual(["artifactStored", "warningRaised"]);
});

it("waits for nobody where the agent put a pipe in the place of its log", async () => {
  await rm(join(workFolder, "agent.log"));
  execFileSync("/usr/bin/mkfifo", [join(workFolder, "agent.log")]);
  expect((await keep("hunter22")).said).toEqual(["artifactStored"]);
});
