import { readFileSync } from "node:fs";
import { settingNames } from "@clew/process/settings";
import { describe, expect, it } from "vitest";
import { gatewaySettings } from "../../services/gateway/src/config.ts";
import { orchestratorSettings } from "../../services/orchestrator/src/config.ts";

const services = { orchestrator: orchestratorSettings.shape, gateway: gatewaySettings.shape };

const rows = readFileSync("docs/settings.md", "utf8")
  .split("\n")
  .map((line) => /^\| `(CLEW_[A-Z_]+)` \| ([^|]+) \| ([^|]+) \|/.exec(line))
  .filter((row) => row !== null)
  .map(([, name = "", readBy = "", shown = ""]) => ({ name, readBy: readBy.split(", "), default: /^`(.*)`$/.exec(shown)?.[1] }));

/** A default as the page writes it, as it would stand in the file or the environment. */
function written(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : text;
}

describe("docs/settings.md", () => {
  it("has a row for every setting there is, and no other", () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...settingNames].sort());
  });

  it.each(Object.entries(services))("names the %s in the rows of what it reads, and in no other", (service, shape) => {
    const named = rows.filter(({ readBy }) => readBy.includes(service)).map(({ name }) => name);
    expect(named.sort()).toEqual(Object.keys(shape).sort());
  });

  it.each(
    Object.entries(services).flatMap(([service, shape]) => Object.entries(shape).map(([name, schema]) => ({ service, name, schema }))),
  )("says what $name is by default in the $service", ({ name, schema }) => {
    const shown = rows.find((row) => row.name === name)?.default;
    const usual = schema.parse(undefined);
    // No default: not given at all, or an empty list of names.
    if (shown === undefined)
      expect([undefined, false, ...(Array.isArray(usual) && usual.length === 0 ? [usual] : [])]).toContainEqual(usual);
    else expect(schema.parse(written(shown))).toEqual(usual);
  });
});
