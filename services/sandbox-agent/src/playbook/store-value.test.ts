import { expect, test } from "vitest";
import type { FoundText } from "./run-action.ts";
import { createFindings } from "./step-context.ts";
import { keepTexts, storableValue, store } from "./store-value.ts";

const found = (whole: string, value: FoundText["value"] = whole): FoundText => ({ whole, value, resultText: whole, truncated: false });

test.each([
  [undefined, found("12"), "12"],
  [undefined, found("a\nb", ["a", "b"]), ["a", "b"]],
  [undefined, undefined, ""],
  ["text", found("[1]", [1]), "[1]"],
  ["number", found(" -12.50 "), -12.5],
  ["integer", found("007"), 7],
  ["boolean", found("True"), true],
  ["json", found('{"a": [1]}'), { a: [1] }],
] as const)("keeps what was found as %s", (type, text, value) => {
  expect(storableValue({ store_type: type }, text)).toEqual(value);
});

test.each([
  ["number", "1,234.50"],
  ["number", "12 €"],
  ["number", ""],
  ["integer", "12.5"],
  ["boolean", "yes"],
  ["json", "{a: 1}"],
] as const)("refuses as %s what is none: %s", (type, text) => {
  expect(() => storableValue({ store_type: type }, found(text))).toThrow(`'${text}'`);
});

test("refuses what is nested too deep to be walked", () => {
  const nested = (depth: number) => found(`${"[".repeat(depth)}${"]".repeat(depth)}`);
  expect(storableValue({ store_type: "json" }, nested(30))).toBeInstanceOf(Array);
  expect(() => storableValue({ store_type: "json" }, nested(100_000))).toThrow("nested more than 32 deep");
});

test("puts numbers and lists into placeholders as JSON", () => {
  const findings = createFindings(new Map());
  store("total", 12.5, findings);
  store("ids", ["a", "b"], findings);
  store("name", "Ada", findings);
  expect(Object.fromEntries(findings.values)).toEqual({ total: "12.5", ids: '["a","b"]', name: "Ada" });
  expect(Object.fromEntries(findings.stored)).toEqual({ total: 12.5, ids: ["a", "b"], name: "Ada" });
});

test("texts are kept up to 8 Mi characters, those of called playbooks included", () => {
  const findings = createFindings(new Map());
  const called = createFindings(new Map(), findings.texts);
  const half = "x".repeat(4 * 1024 * 1024);
  keepTexts([half], findings);
  keepTexts([half], called);
  expect(() => keepTexts(["x"], findings)).toThrow("more than 8 Mi characters");
  expect(findings.texts).toHaveLength(2);
});
