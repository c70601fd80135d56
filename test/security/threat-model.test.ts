import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/threat-model.md", "utf8");

/** Each line that says what somebody can or cannot do. */
const lines = page.split("\n").filter((line) => line.startsWith("| ") && !/^\|( \|)+$|^\|[-|]+$/.test(line));
const named = [...page.matchAll(/\]\((\S+\.test\.ts) "([^"]+)"\)/g)].map(([, file = "", name = ""]) => ({ file, name }));

describe("the threat model", () => {
  it.each(lines)("names in each line its tests, or says whose it is left to: %s", (line) => {
    expect(line).toMatch(/\.test\.ts "|\| left to |\| not kept from \|/);
  });

  it.each(named)("names a test that is there: $file, $name", ({ file, name }) => {
    expect(readFileSync(join("docs", file), "utf8")).toContain(`"${name}"`);
  });

  it("can fail", () => {
    expect(lines.length).toBeGreaterThan(30);
    expect(named.length).toBeGreaterThan(30);
  });
});
