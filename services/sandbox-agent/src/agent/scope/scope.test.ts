import { expect, test } from "vitest";
import { classifyGoal } from "./goal-class.ts";
import { isWithin, judgeScope, type Scope, type ScopeInput, scopeOf } from "./scope.ts";

const open: ScopeInput["settings"] = { allowedDomains: [], enableLlmActionCheck: true };
const scope = (directive: string, startUrl?: string, settings = open): Scope =>
  scopeOf({ directive, goal: classifyGoal(directive), named: startUrl === undefined ? [] : [startUrl], settings });

test.each<[string, string, readonly string[]]>([
  ["Open example.com", "goto click screenshot", ["fill", "extract", "press", "drag", "download", "upload", "evaluate", "api_request"]],
  [
    "What is in the list?",
    "goto click extract fill press",
    ["key_press", "check", "drag", "download", "upload", "handle_dialog", "evaluate", "api_request"],
  ],
  ["Cancel order 5", "fill key_press check drag handle_dialog", ["download", "upload", "evaluate", "api_request", "llm_extract"]],
  ["Download the invoices of May as PDF", "download", ["upload", "evaluate", "api_request"]],
  ["Upload the report to the archive", "upload fill", ["download", "evaluate", "api_request"]],
])("'%s' has %s, and not %s", (directive, has, hasNot) => {
  const { actions } = scope(directive);
  for (const action of has.split(" ")) expect(actions).toContain(action);
  for (const action of hasNot) expect(actions).not.toContain(action);
});

test("only who only looks is offered no upload, whatever it says", () => {
  expect(scope("What does the upload page say?").actions).not.toContain("upload");
});

test.each<[string, boolean]>([
  ["https://shop.example.com/cart", true],
  ["https://example.com/", true],
  ["https://login.example.com/", true],
  ["https://example.com.evil.net/", false],
  ["https://evil.net/?example.com", false],
  ["https://example.com@evil.net/", false],
  ["https://example.org/", false],
  ["ftp://example.com/", false],
  ["http://shop.example.com:8080/", false],
  ["", false],
])("work on https://shop.example.com: %s is within: %s", (address, isIn) => {
  const confined = scope("Order a pen", "https://shop.example.com/");
  expect(isWithin(address, confined)).toBe(isIn);
  expect(judgeScope(address, confined)?.rule).toBe(isIn ? undefined : "scope_site");
});

test("allowed domains take the place of what the directive names", () => {
  const confined = scope("Read evil.net", "https://evil.net/", { ...open, allowedDomains: ["*.example.com"] });
  expect(isWithin("https://a.example.com/", confined)).toBe(true);
  expect(isWithin("https://evil.net/", confined)).toBe(false);
});

test("a host without a registered domain is itself, with its port", () => {
  const confined = scope("Cancel the order", "http://127.0.0.1:4000/orders");
  expect(isWithin("http://127.0.0.1:4000/x", confined)).toBe(true);
  expect(isWithin("http://127.0.0.1:4001/x", confined)).toBe(false);
});

test("one thing that cannot be taken back, unless the directive asks for more", () => {
  expect(scope("Delete order 5").mostCommits).toBe(1);
  expect(scope("Delete all drafts").mostCommits).toBeGreaterThan(1);
});
