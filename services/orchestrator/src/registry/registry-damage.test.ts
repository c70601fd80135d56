import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Run } from "@clew/proto/grpc/clew/run/v1/run";
import { RunCreated } from "@clew/proto/grpc/clew/run/v1/run_event";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { decodeBody, encodeBody } from "../runs/event.ts";
import { applyEvent, type RunFold } from "../runs/run.ts";
import { Registry } from "./registry.ts";

function created(id: string, requestId: string): RunFold {
  const run = Run.fromPartial({ id, tenant: "acme" });
  const body = encodeBody({ summary: "", payload: { $case: "runCreated", value: RunCreated.fromPartial({ run, requestId }) } });
  return applyEvent(undefined, decodeBody(body, { runId: id, sequence: 1, attempt: 0, timeMs: 1, resumeToken: "" }));
}

/** A volume with an index of 200 runs. */
async function filledVolume() {
  const folder = await tempFolder();
  using registry = new Registry(folder.path);
  for (let n = 0; n < 200; n++) registry.write(created(`run-${n}`, `request-${n}`));
  return { ...folder, file: join(folder.path, "registry.sqlite") };
}

describe("a damaged index", () => {
  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ["is no database", () => Buffer.from("not a database, and long enough to be looked at".repeat(100))],
    ["has zeros in the place of its pages", (bytes) => bytes.fill(0, 4_096)],
    ["lost its end", (bytes) => bytes.subarray(0, 10_000)],
    ["has a torn schema", (bytes) => bytes.fill(0xff, 100, 4_096)],
  ])("is begun anew when its file %s", async (_, damage) => {
    await using volume = await filledVolume();
    await writeFile(volume.file, damage(await readFile(volume.file)));
    using registry = new Registry(volume.path);
    expect(registry.ids().size).toBe(0);
    registry.write(created("run-1", "request-1"));
    expect(registry.findRequest("acme", "request-1")?.runId).toBe("run-1");
  });

  it("is begun anew when leftovers stand beside it", async () => {
    await using volume = await filledVolume();
    for (const end of ["", "-wal", "-shm"]) await writeFile(`${volume.file}${end}`, "x".repeat(9_000));
    using registry = new Registry(volume.path);
    expect(registry.ids().size).toBe(0);
  });

  it("is not taken for one that cannot be opened just now", async () => {
    await using volume = await filledVolume();
    const other = new DatabaseSync(volume.file);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    expect(() => new Registry(volume.path)).toThrow(/locked/);
    other.close();
    using registry = new Registry(volume.path);
    expect(registry.ids().size).toBe(200);
  });

  it("is kept when it is whole", async () => {
    await using volume = await filledVolume();
    using registry = new Registry(volume.path);
    expect(registry.ids().size).toBe(200);
  });
});

it("leaves a request to the run it is known to have made, and takes another without it", async () => {
  await using folder = await tempFolder();
  using registry = new Registry(folder.path);
  registry.write(created("run-1", "same"));
  for (let writes = 0; writes < 2; writes++) registry.write(created("run-2", "same"));
  expect(registry.get("run-2")?.id).toBe("run-2");
  expect(registry.findRequest("acme", "same")?.runId).toBe("run-1");
  registry.write(created("run-1", "same"));
  expect([...registry.ids().keys()]).toEqual(["run-1", "run-2"]);
});
