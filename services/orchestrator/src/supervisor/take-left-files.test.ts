import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { createLogger } from "@clew/process/logger";
import { Artifact_Kind, Run, Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Journal } from "../journal/journal.ts";
import { RunLog } from "./run-log.ts";
import { takeLeftFiles } from "./take-left-files.ts";

const runId = `run-${"3".repeat(32)}`;
const { signal } = new AbortController();
const logger = createLogger({ name: "test", level: "silent" });

let runFolder: string;
let workFolder: string;
let log: RunLog;
beforeEach(async () => {
  runFolder = join(await mkdtemp(join(tmpdir(), "clew-left-")), runId);
  workFolder = join(runFolder, "work-1");
  const journal = await Journal.create({ folder: runFolder, runId, onDurable: (records) => log.hear(records) });
  log = new RunLog(journal, undefined, () => {});
  const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, effects: Run_Effects.NONE });
  await log.begin([
    { attempt: 0, summary: "", payload: { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } } },
  ]);
  await mkdir(placesOf(workFolder).files, { recursive: true });
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  await rm(join(runFolder, ".."), { recursive: true });
});

const put = (name: string) => writeFile(join(placesOf(workFolder).files, name), `This is ${name}`);
const take = () => takeLeftFiles({ log, attempt: 1, runFolder, workFolder, logger }, { signal, deadline: signal });

it("stores what a killed agent left, each as what it is by its name", async () => {
  for (const name of ["trace-1.zip", "console.ndjson", "action-1-1.jpg", "list.csv"]) await put(name);
  await take();
  expect(log.fold.artifacts).toMatchObject([
    { name: "action-1-1.jpg", kind: Artifact_Kind.SCREENSHOT, contentType: "image/jpeg" },
    { name: "console.ndjson", kind: Artifact_Kind.LOG },
    { name: "list.csv", kind: Artifact_Kind.DOWNLOAD, contentType: "application/octet-stream" },
    { name: "trace-1.zip", kind: Artifact_Kind.TRACE, sizeBytes: 19 },
  ]);
  expect(await readFile(join(runFolder, "artifacts", "trace-1.zip"), "utf8")).toBe("This is trace-1.zip");
});

it("takes none twice, none that is not whole, and follows no link", async () => {
  await put("trace-1.zip");
  await put(".unfinished-1");
  await writeFile(join(runFolder, "elsewhere"), "secret");
  await symlink(join(runFolder, "elsewhere"), join(placesOf(workFolder).files, "link.txt"));
  await mkdir(join(placesOf(workFolder).files, "folder.txt"));
  await take();
  await take();
  expect(log.fold.artifacts.map(({ name }) => name)).toEqual(["trace-1.zip"]);
});

it("passes over a sandbox that left no folder", async () => {
  await rm(workFolder, { recursive: true });
  await take();
  expect(log.fold.artifacts).toEqual([]);
});
