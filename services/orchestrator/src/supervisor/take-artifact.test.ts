import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Run, Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal } from "../journal/journal.ts";
import { RunLog } from "./run-log.ts";
import { type ReadWorkFile, takeArtifact } from "./take-artifact.ts";

const runId = `run-${"2".repeat(32)}`;
const bytes = randomBytes(200_000);
const ready = ArtifactReady.fromPartial({
  name: "trace.zip",
  contentType: "application/zip",
  sizeBytes: bytes.byteLength,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});
const { signal } = new AbortController();

describe("a file that a sandbox announced", () => {
  let folder: string;
  let log: RunLog;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "clew-artifact-")), runId);
    const journal = await Journal.create({ folder, runId, onDurable: (records) => log.hear(records) });
    log = new RunLog(journal, undefined, () => {});
    const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, effects: Run_Effects.NONE });
    await log.begin([
      { attempt: 0, summary: "", payload: { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } } },
    ]);
  });
  afterEach(async () => {
    await log[Symbol.asyncDispose]();
    await rm(join(folder, ".."), { recursive: true });
  });

  /** A sandbox that dies after so many bytes of each answer, and the places it was asked from. */
  function dying(file: Buffer, afterBytes: number): { readonly read: ReadWorkFile; readonly asked: number[] } {
    const asked: number[] = [];
    async function* read(offset: number) {
      asked.push(offset);
      yield { chunk: file.subarray(offset, offset + afterBytes) };
      if (offset + afterBytes < file.byteLength) throw new Error("the sandbox was killed");
    }
    return { read, asked };
  }
  const stored = () => readdir(join(folder, "artifacts")).catch(() => []);

  it("is gone on with from the byte that is missing when a read of it breaks", async () => {
    const { read, asked } = dying(bytes, 70_000);
    const { payload } = await takeArtifact(log, folder, ready, read, { signal, deadline: signal });
    expect(payload?.$case).toBe("artifactStored");
    expect(asked).toEqual([0, 70_000, 140_000]);
    expect((await readFile(join(folder, "artifacts", "trace.zip"))).equals(bytes)).toBe(true);
  });

  it("is never stored as a mixture: one that changes meanwhile is read anew", async () => {
    const other = randomBytes(bytes.byteLength);
    let reads = 0;
    const read: ReadWorkFile = async function* (offset) {
      reads += 1;
      if (reads === 1) {
        yield { chunk: other.subarray(0, 100_000) };
        throw new Error("the connection broke");
      }
      yield { chunk: bytes.subarray(offset) };
    };
    const { payload } = await takeArtifact(log, folder, ready, read, { signal, deadline: signal });
    expect(payload?.$case).toBe("artifactStored");
    expect((await readFile(join(folder, "artifacts", "trace.zip"))).equals(bytes)).toBe(true);
  });

  it.each([
    ["is cut short", bytes.subarray(0, 100_000)],
    ["is another one", randomBytes(bytes.byteLength)],
  ])("becomes a warning, and leaves nothing, when it %s for good", async (_, file) => {
    const { read } = dying(file, file.byteLength);
    const { payload } = await takeArtifact(log, folder, ready, read, { signal, deadline: signal });
    expect(payload).toMatchObject({ $case: "warningRaised", value: { reason: "ARTIFACT_LOST" } });
    expect(await stored()).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
