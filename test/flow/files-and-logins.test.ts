import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { connectGrpc } from "@clew/grpc/client";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type AskingSystem, startAskingSystem } from "../support/asking-system.ts";
import { tempFolder } from "../support/temp-folder.ts";

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

describe("what a run is given", () => {
  let system: AskingSystem;
  beforeAll(async () => {
    system = await startAskingSystem({ CLEW_STATE_KEY: randomBytes(32).toString("base64") });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  it("holds the files that were uploaded through any door, each under its name, whatever it was called before", async () => {
    const large = randomBytes(20 * 1024 * 1024);
    await using temp = await tempFolder();
    await writeFile(join(temp.path, "large"), large);
    const stream = Readable.toWeb(createReadStream(join(temp.path, "large"))) as ReadableStream<Uint8Array>;
    const first = await system.clew.uploadFile("large.bin", stream);
    expect(first).toMatchObject({ sizeBytes: large.length, sha256: sha256(large) });
    const raw = await fetch(`${system.url}/v1/files?name=a.txt`, { method: "POST", body: "by REST" });
    const { fileId: second } = (await raw.json()) as { fileId: string };
    using grpc = connectGrpc(RunServiceService, system.orchestratorAddress);
    const parts = async function* () {
      yield { part: { $case: "name" as const, value: "b.txt" } };
      yield { part: { $case: "chunk" as const, value: Buffer.from("by gRPC") } };
    };
    const { fileId: third } = await grpc.uploadFile(parts());
    const files = [
      { name: "one.bin", fileId: first.fileId },
      { name: "two.txt", fileId: second },
      { name: "three.txt", fileId: third },
    ];
    const run = await system.clew.createRun(system.spec([], { files }));
    const { outcome, run: ended } = await run.result();
    expect(outcome.data?.["files"]).toEqual({ "one.bin": sha256(large), "two.txt": sha256("by REST"), "three.txt": sha256("by gRPC") });
    expect(ended.spec.files).toEqual(files);
  });

  it("is refused where a file is not there, and so says the dry run", async () => {
    const spec = system.spec([], { files: [{ name: "a.txt", fileId: `file-${"0".repeat(32)}` }] });
    const violations = [expect.objectContaining({ field: "files[0].fileId" })];
    await expect(system.clew.createRun(spec)).rejects.toMatchObject({ reason: "INVALID_REQUEST", violations });
    const { valid, checks } = await system.clew.dryRun(spec);
    expect([valid, checks.filter(({ passed }) => !passed).map(({ name }) => name)]).toEqual([false, ["files"]]);
  });

  it("is kept for a run that was queued when the orchestrator was killed", async () => {
    const { fileId } = await system.clew.uploadFile("a.txt", "kept");
    const waiting = await Promise.all([1, 2].map(() => system.clew.createRun(system.spec(["ANSWER"]))));
    const run = await system.clew.createRun(system.spec([], { files: [{ name: "a.txt", fileId }] }));
    expect((await run.get()).state).toBe("QUEUED");
    await system.killOrchestrator(() => rm(join(system.volume, "files"), { recursive: true }));
    await Promise.all(waiting.map((one) => one.stop({ graceSeconds: 0 })));
    expect((await run.result()).outcome.data?.["files"]).toEqual({ "a.txt": sha256("kept") });
  });

  it("is the login that a completed run saved under the same name, until one finds it logged out", async () => {
    const start = async (labels: Readonly<Record<string, string>>) => {
      const run = await system.clew.createRun(system.spec([], { labels: { asks: "", ...labels }, browserState: "shop" }));
      const { state, outcome } = await run.result();
      expect(state).toBe("COMPLETED");
      return outcome.data?.["browserState"];
    };
    const saved = (value: string) =>
      sha256(JSON.stringify({ cookies: [{ name: "sid", value: sha256(value), domain: "example.org", path: "/" }], origins: [] }));
    expect(await start({ keeps: "first-session" })).toBe(sha256(""));
    expect(await start({ keeps: "second-session" })).toBe(saved("first-session"));
    await system.killOrchestrator();
    expect(await start({ loggedOut: "" })).toBe(saved("second-session"));
    expect(await start({})).toBe(sha256(""));
    // Once more from the start where a file was renamed before it was read: services still write.
    const kept = await vi.waitFor(
      async () => await Promise.all((await filesUnder(system.volume)).map((file) => readFile(file, "latin1"))),
      { timeout: 20_000 },
    );
    expect([kept.length > 10, kept.filter((text) => text.includes(sha256("first-session")))]).toEqual([true, []]);
  });
});

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
