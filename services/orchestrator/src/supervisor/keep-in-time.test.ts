import fs, { mkdir, open, readdir, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import { FinalizingTime } from "./finalizing-time.ts";
import { keepCassette } from "./keep-cassette.ts";
import { keepEgress } from "./keep-egress.ts";
import { keepLog } from "./keep-log.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";

/** What the disk holds up until it is told otherwise. */
const stalled = { call: "", until: Promise.resolve(), met: 0 };

/** Has every file be opened, read and removed as before, but what is stalled once it goes on. Disposed, the disk is as it was. */
function slowDisk(): Disposable & { readonly removed: Promise<void>[] } {
  const real = { open: fs.open, rm: fs.rm };
  const removed: Promise<void>[] = [];
  const isOfWork = (path: unknown) => String(path).startsWith(workFolder);
  const wait = async (call: string) => {
    if (call !== stalled.call) return;
    stalled.met += 1;
    await stalled.until;
  };
  fs.open = async (path, ...rest) => {
    if (isOfWork(path)) await wait("open");
    if (String(path).endsWith(".tmp")) await wait("store");
    const file = await real.open(path, ...rest);
    if (!isOfWork(path)) return file;
    const [read, readFile] = [file.read.bind(file), file.readFile.bind(file)];
    return Object.assign(file, {
      read: async (...all: Parameters<typeof read>) => wait("read").then(() => read(...all)),
      readFile: async (...all: Parameters<typeof readFile>) => wait("read").then(() => readFile(...all)),
    });
  };
  fs.rm = (...all) => {
    const done = real.rm(...all);
    removed.push(done);
    return done;
  };
  syncBuiltinESMExports();
  return {
    removed,
    [Symbol.dispose]() {
      Object.assign(fs, real);
      syncBuiltinESMExports();
    },
  };
}

const runId = `run-${"6".repeat(32)}`;

let temp: TempFolder;
let log: RunLog;
let runFolder: string;
let workFolder: string;
let release: () => void;
let disk: ReturnType<typeof slowDisk>;
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
  const { promise, resolve } = Promise.withResolvers<void>();
  Object.assign(stalled, { call: "", until: promise, met: 0 });
  release = resolve;
  disk = slowDisk();
});
afterEach(async () => {
  release();
  disk[Symbol.dispose]();
  await log[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

it.each(
  [
    { name: "log", keep: keepLog, file: (folder: string) => join(folder, "warden.log") },
    { name: "cassette", keep: keepCassette, file: (folder: string) => placesOf(folder).cassette },
    { name: "ledger", keep: keepEgress, file: (folder: string) => placesOf(folder).egress },
  ].flatMap((one) => ["open", "read"].map((call) => ({ ...one, call }))),
)(
  "waits for a $name that the disk does not $call until its time is over, and keeps nothing of it afterwards",
  async ({ keep, file, call }) => {
    await writeFile(file(workFolder), "{}\n");
    stalled.call = call;
    const spec = RunSpec.fromPartial({});
    using time = new FinalizingTime({ storeMs: 10, takeMs: 20, keepMs: 40 });
    const keeping = keep({ log, attempt: 1, runFolder, workFolder, spec, secrets: new RunSecrets(spec) }, time.keeping);
    keeping.catch(() => {});
    await vi.waitFor(() => expect(stalled.met).toBeGreaterThan(0), { timeout: 10_000 });
    time.begin();
    await expect(keeping).rejects.toThrow("aborted");
    expect(time.keeping.aborted).toBe(true);
    release();
    // Whoever opened the file closes it now: what was held up is over once as much again has been read.
    stalled.call = "";
    await using again = await open(file(workFolder));
    await again.readFile();
    expect([log.fold.artifacts, await readdir(runFolder)]).toEqual([[], ["journal"]]);
  },
);

it.each([
  { name: "log", keep: keepLog, file: (folder: string) => join(folder, "warden.log") },
  { name: "cassette", keep: keepCassette, file: (folder: string) => placesOf(folder).cassette },
  { name: "ledger", keep: keepEgress, file: (folder: string) => placesOf(folder).egress },
])("waits for a $name that the disk does not store until its time is over, and keeps nothing of it afterwards", async ({ keep, file }) => {
  await writeFile(file(workFolder), "{}\n");
  stalled.call = "store";
  const spec = RunSpec.fromPartial({});
  using time = new FinalizingTime({ storeMs: 10, takeMs: 20, keepMs: 40 });
  const keeping = keep({ log, attempt: 1, runFolder, workFolder, spec, secrets: new RunSecrets(spec) }, time.keeping);
  keeping.catch(() => {});
  await vi.waitFor(() => expect(stalled.met).toBeGreaterThan(0), { timeout: 10_000 });
  time.begin();
  await expect(keeping).rejects.toThrow("aborted");
  disk.removed.length = 0;
  release();
  await vi.waitFor(() => expect(disk.removed).toHaveLength(1), { timeout: 10_000 });
  await Promise.all(disk.removed);
  expect([log.fold.artifacts, await readdir(runFolder), await readdir(join(runFolder, "artifacts"))]).toEqual([
    [],
    ["artifacts", "journal"],
    [],
  ]);
});
