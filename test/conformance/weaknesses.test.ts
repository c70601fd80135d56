import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Those of event stream, lifecycle, storage, guardrails, scope, trace and poll mode. */
const numbers = [...Array.from({ length: 34 }, (_, index) => index + 1), 36, 38, 39, 40, 41, 44, 45, 46, 47, 48];

const texts = globSync(["test/**/*.test.ts", "packages/*/src/**/*.test.ts", "services/*/src/**/*.test.ts"]).map((file) =>
  readFileSync(file, "utf8"),
);

/** Whether the name of a test or of a group of tests says that it shows a weakness to be mended. */
function isNamed(weakness: number): boolean {
  const name = new RegExp(`["\`](?:\\[weakness[^\\]]*\\b${weakness}\\b[^\\]]*\\]|${weakness}: )`);
  return texts.some((text) => name.test(text));
}

it.each(numbers)("a test is named after weakness %i of the systems before this one", (weakness) => {
  expect(isNamed(weakness)).toBe(true);
});

it("a weakness that no test is named after would be noticed", () => {
  expect(isNamed(99)).toBe(false);
});
