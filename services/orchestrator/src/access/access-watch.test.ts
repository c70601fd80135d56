import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { readConfig } from "../config.ts";
import { AccessWatch } from "./access-watch.ts";
import { findKey } from "./keys.ts";

describe("the file with keys and policy", () => {
  let temp: TempFolder;
  let file: string;
  let watch: AccessWatch;
  const says: unknown[] = [];
  beforeEach(async () => {
    temp = await tempFolder();
    file = join(temp.path, "clew.yaml");
    await writeFile(file, "CLEW_API_KEYS: [acme:the-first-key]\n");
    const logger = createLogger({ name: "test", level: "silent" });
    const config = readConfig({ CLEW_CHROMIUM: process.execPath, CLEW_CONFIG: file });
    says.length = 0;
    vi.spyOn(logger, "error").mockImplementation((...said: unknown[]) => void says.push(said));
    watch = await AccessWatch.start({ ...config, logger, lookMs: 20 });
  });
  afterEach(async () => {
    watch[Symbol.dispose]();
    await temp[Symbol.asyncDispose]();
  });

  const isKey = (shown: string) => findKey(watch.ring.keys, shown) !== undefined;

  it("counts as it is now", async () => {
    expect([isKey("the-first-key"), watch.policyOf("acme").maxSteps]).toEqual([true, undefined]);
    await writeFile(file, "CLEW_API_KEYS: [acme:the-second-key]\nCLEW_POLICY: { maxSteps: 7 }\n");
    await vi.waitFor(() =>
      expect([isKey("the-first-key"), isKey("the-second-key"), watch.policyOf("acme").maxSteps]).toEqual([false, true, 7]),
    );
  });

  it.each([
    ["is broken", "CLEW_API_KEYS: [acme:the-sec"],
    ["names no key any more", "CLEW_POLICY: { maxSteps: 7 }"],
    ["names a key that is none", "CLEW_API_KEYS: [acme:short]"],
  ])("changes nothing where it %s; that is said without a key", async (_, text) => {
    await writeFile(file, text);
    await vi.waitFor(() => expect(says).toHaveLength(1));
    expect([isKey("the-first-key"), watch.policyOf("acme").maxSteps]).toEqual([true, undefined]);
    expect(JSON.stringify(says)).not.toMatch(/the-|acme:/);
    await writeFile(file, "CLEW_API_KEYS: [acme:the-third-key]\n");
    await vi.waitFor(() => expect(isKey("the-third-key")).toBe(true));
  });

  it("changes nothing while it is gone", async () => {
    await rm(file);
    expect(isKey("the-first-key")).toBe(true);
    await writeFile(file, "CLEW_API_KEYS: [acme:the-next-key]\n");
    await vi.waitFor(() => expect(isKey("the-next-key")).toBe(true));
    expect(says).toEqual([]);
  });
});
