import { appendFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import type { AuditEntry } from "./audit-entry.ts";
import { AuditLog } from "./audit-log.ts";

const entry = (call: string, more: Partial<AuditEntry> = {}): AuditEntry => {
  const who = { tenant: "acme", key: "ci", actor: "ada", run: undefined, requestId: "r-1" };
  return { call, ...who, code: "OK", reason: undefined, ...more };
};
const logger = createLogger({ name: "test", level: "silent" });

describe("the audit log", () => {
  let temp: TempFolder;
  let folder: string;
  let nowMs: number;
  beforeEach(async () => {
    temp = await tempFolder();
    folder = join(temp.path, "audit");
    nowMs = Date.parse("2026-11-21T12:00:00Z");
  });
  afterEach(() => temp[Symbol.asyncDispose]());

  const open = (more: Partial<ConstructorParameters<typeof AuditLog>[0]> = {}) =>
    new AuditLog({ folder, logger, now: () => nowMs, retryMs: 20, ...more });
  const files = async () => (await readdir(folder)).sort();
  const lines = async (): Promise<Record<string, unknown>[]> => {
    const texts = await Promise.all((await files()).map((file) => readFile(join(folder, file), "utf8")));
    return texts.flatMap((text) => text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)])));
  };

  it("has a line of each call, in the day's file, and goes on with it after a restart", async () => {
    {
      await using log = open();
      log.note(entry("createRun", { run: "run-1" }));
    }
    await appendFile(join(folder, "2026-11-21.0001.jsonl"), '{"cut');
    {
      await using log = open();
      log.note(entry("stopRun"));
    }
    const text = await readFile(join(folder, "2026-11-21.0001.jsonl"), "utf8");
    const [first, cut, last] = text.trimEnd().split("\n");
    expect([JSON.parse(first ?? ""), cut, JSON.parse(last ?? "").call]).toEqual([
      { time: "2026-11-21T12:00:00.000Z", ...entry("createRun", { run: "run-1" }), reason: undefined },
      '{"cut',
      "stopRun",
    ]);
  });

  it("begins another file when one is full, and each day, and keeps so many", async () => {
    for (let day = 21; day <= 23; day++) {
      nowMs = Date.parse(`2026-11-${day}T12:00:00Z`);
      for (let turn = 0; turn < 2; turn++) {
        await using log = open({ fileBytes: 10, files: 3 });
        log.note(entry("createRun"));
      }
    }
    expect(await files()).toEqual(["2026-11-22.0002.jsonl", "2026-11-23.0001.jsonl", "2026-11-23.0002.jsonl"]);
  });

  it("that cannot be written holds nobody up, and has all of it once it can", async () => {
    // In the place of its folder: nothing can be made there.
    await writeFile(folder, "");
    await using log = open();
    log.note(entry("createRun"));
    log.note(entry("stopRun"));
    await rm(folder);
    await vi.waitFor(async () => expect((await lines()).map(({ call }) => call)).toEqual(["createRun", "stopRun"]), { timeout: 5_000 });
  });

  it("that cannot be written when the service ends does not keep it from ending", async () => {
    await writeFile(folder, "");
    await using log = open({ retryMs: 600_000 });
    log.note(entry("createRun"));
  });

  it("lists 600 calls of strangers a minute and counts the rest, so that they push nothing out", async () => {
    {
      await using log = open();
      for (let call = 0; call < 1_000; call++) log.note(entry("listRuns", { key: "", code: "UNAUTHENTICATED", reason: "KEY_INVALID" }));
      nowMs += 60_000;
      log.note(entry("deleteRun"));
    }
    const all = await lines();
    expect([all.length, all.at(-2), all.at(-1)?.["call"]]).toEqual([
      602,
      { time: "2026-11-21T12:01:00.000Z", code: "UNAUTHENTICATED", tenant: "", key: "", unlisted: 400 },
      "deleteRun",
    ]);
  });

  it("lists 60 refused calls of each key a minute and counts the rest, also of the last minute; what is done is listed whatever there is of it", async () => {
    {
      await using log = open();
      const refused = { code: "PERMISSION_DENIED", reason: "NOT_PERMITTED" };
      for (let call = 0; call < 100; call++) log.note(entry("stopRun", { ...refused, key: "auditor" }));
      for (let call = 0; call < 70; call++) log.note(entry("stopRun", { ...refused, tenant: "beta", key: "auditor" }));
      for (let call = 0; call < 100; call++) log.note(entry("stopRun"));
    }
    const all = await lines();
    expect(all.length).toBe(60 + 60 + 100 + 2);
    expect(all.slice(-2).map(({ time: _time, ...line }) => line)).toEqual([
      { code: "PERMISSION_DENIED", tenant: "acme", key: "auditor", unlisted: 40 },
      { code: "PERMISSION_DENIED", tenant: "beta", key: "auditor", unlisted: 10 },
    ]);
  });

  it("is its owner's alone to read", async () => {
    {
      await using log = open();
      log.note(entry("createRun"));
    }
    const modes = await Promise.all([folder, join(folder, "2026-11-21.0001.jsonl")].map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o700, 0o600]);
  });
});
