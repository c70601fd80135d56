import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Where tests are looked for: a rule names one by the end of its path, with or without `.test.ts`. */
const tests = globSync(["test/**/*.test.ts", "packages/*/src/**/*.test.ts", "services/*/src/**/*.test.ts"]);

const rules = readFileSync("PROTOCOL.md", "utf8")
  .split(/\n(?=\d+\. )/)
  .slice(1)
  .map((text) => text.split("\n\n")[0]?.replaceAll("\n", " ") ?? "");

const isTest = (name: string) => tests.some((file) => `/${file}`.endsWith(`/${name.replace(/\.test\.ts$/, "")}.test.ts`));

it.each(rules.map((rule) => [rule.slice(0, 70), rule]))(
  "the rule '%s…' names tests that exist, or says that it is not built",
  (_, rule) => {
    const cited = [...(rule.split(" — ").at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    if (/not built yet/.test(rule)) return;
    expect(rule).toContain(" — ");
    expect(cited).not.toEqual([]);
    expect(cited.filter((name) => !isTest(name))).toEqual([]);
  },
);

it("takes no folder for a test", () => {
  expect(["test/flow", "services/gateway/src", "flow/doors", "doors", "oors"].map(isTest)).toEqual([false, false, true, true, false]);
});
