import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { addressSchema, formatAddress, isLocal } from "./address.ts";
import { readSettings, SettingsError } from "./settings.ts";
import { wholeNumber } from "./whole-number.ts";

const schema = z.object({
  CLEW_LOG_LEVEL: z.string().default("info"),
  CLEW_MAX_CONCURRENT_RUNS: wholeNumber(1, 9).default(2),
  CLEW_SANDBOX: z.enum(["bubblewrap", "process"]).optional(),
});

it("fills in defaults and lets variables win over the file", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "clew.yaml");
  writeFileSync(file, "CLEW_LOG_LEVEL: debug\nCLEW_MAX_CONCURRENT_RUNS: 7\n");
  expect(readSettings(schema, {})).toEqual({ CLEW_LOG_LEVEL: "info", CLEW_MAX_CONCURRENT_RUNS: 2 });
  expect(readSettings(schema, { CLEW_CONFIG: file, CLEW_LOG_LEVEL: "warn" })).toEqual({
    CLEW_LOG_LEVEL: "warn",
    CLEW_MAX_CONCURRENT_RUNS: 7,
  });
});

it("lists every setting that is unknown or wrong, with the nearest known name and without values", () => {
  const read = () => readSettings(schema, { CLEW_VOLUMES: "hidden", CLEW_MAX_CONCURRENT_RUNS: "0", PATH: "/bin" });
  expect(read).toThrow(SettingsError);
  expect(read).toThrow(
    "CLEW_VOLUMES is not a setting; did you mean CLEW_VOLUME?\nCLEW_MAX_CONCURRENT_RUNS: must be a whole number from 1 to 9",
  );
  expect(read).not.toThrow(/hidden/);
});

it("takes an empty variable for one that is not given", () => {
  expect(readSettings(schema, { CLEW_LOG_LEVEL: "", CLEW_CONFIG: "" })).toEqual({ CLEW_LOG_LEVEL: "info", CLEW_MAX_CONCURRENT_RUNS: 2 });
});

it("says what a number must be and what words there are, and lists the settings for a name that is near to none", () => {
  for (const wrong of ["two", "1.5", "10", "-1"])
    expect(() => readSettings(schema, { CLEW_MAX_CONCURRENT_RUNS: wrong })).toThrow(/: must be a whole number from 1 to 9$/);
  expect(() => readSettings(schema, { CLEW_SANDBOX: "docker" })).toThrow("CLEW_SANDBOX: must be bubblewrap or process");
  expect(() => readSettings(schema, { CLEW_FOO: "1" })).toThrow(/^CLEW_FOO is not a setting; there are: CLEW_ADOPTION_GRACE, /);
});

it.each([
  ["127.0.0.1:9090", true],
  ["localhost:1", true],
  ["[::1]:8080", true],
  ["0.0.0.0:8080", false],
  ["unix:/run/clew.sock", true],
])("reads the address %s and knows whether it is local", (text, local) => {
  const address = addressSchema.parse(text);
  expect(formatAddress(address)).toBe(text);
  expect(isLocal(address)).toBe(local);
});

it.each(["", "8080", "host", "host:99999", "unix:relative"])("refuses %j as an address", (text) => {
  expect(addressSchema.safeParse(text).success).toBe(false);
});
