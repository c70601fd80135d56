import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Where tests are looked for when a rule names one by the end of its path. */
const tests = globSync(["test/**/*.test.ts", "packages/*/src/**/*.test.ts", "services/*/src/**/*.test.ts"]);

const rules = readFileSync("PROTOCOL.md", "utf8")
  .split(/\n(?=\d+\. )/)
  .slice(1)
  .map((text) => text.split("\n\n")[0]?.replaceAll("\n", " ") ?? "");

it.each(rules.map((rule) => [rule.slice(0, 70), rule]))(
  "the rule '%s…' names tests that exist, or says that it is not built",
  (_, rule) => {
    const cited = [...(rule.split(" — ").at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    if (/not built yet/.test(rule)) return;
    expect(rule).toContain(" — ");
    expect(cited).not.toEqual([]);
    expect(cited.filter((name) => !tests.some((file) => file.includes(name)))).toEqual([]);
  },
);
