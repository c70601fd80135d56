import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SettingsError } from "@clew/process/settings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const serviceKey = { CLEW_SERVICE_KEY: "a-service-key-of-ours" };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-gateway-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fromFile(yaml: string) {
  const path = join(folder, "clew.yaml");
  await writeFile(path, yaml);
  return readConfig({ CLEW_CONFIG: path, ...serviceKey });
}

test.each([{}, { CLEW_API_KEYS: undefined }, { CLEW_API_KEYS: "" }])("has no API keys where none are given: %o", (env) => {
  expect(readConfig(env).apiKeysConfigured).toBe(false);
});

test.each(["a-long-key", "acme:a-long-key", " , acme:a-long-key ,"])("has API keys where the variable names one: '%s'", (keys) => {
  expect(readConfig({ CLEW_API_KEYS: keys, ...serviceKey }).apiKeysConfigured).toBe(true);
});

test.each([",", " ", " , ,", "acme:", "acme: ,:"])("refuses a variable that is given and names no key: '%s'", (keys) => {
  expect(() => readConfig({ CLEW_API_KEYS: keys })).toThrow(SettingsError);
  expect(() => readConfig({ CLEW_API_KEYS: keys })).toThrow("CLEW_API_KEYS");
});

test.each(["[]", "[{}]", "['']", "{}", "", "{ true: 1 }"])("refuses a setting in the file that names no key: %s", async (yaml) => {
  await expect(fromFile(`CLEW_API_KEYS: ${yaml}`)).rejects.toThrow("CLEW_API_KEYS");
});

test.each(["[acme:a-long-key]", `[{ tenant: acme, sha256: ${"a".repeat(64)} }]`])("reads keys from the file: %s", async (yaml) => {
  expect((await fromFile(`CLEW_API_KEYS: ${yaml}`)).apiKeysConfigured).toBe(true);
});

test("needs a service key where there are API keys: what readers share is read with it", () => {
  expect(() => readConfig({ CLEW_API_KEYS: "acme:a-long-key" })).toThrow("CLEW_SERVICE_KEY");
});
