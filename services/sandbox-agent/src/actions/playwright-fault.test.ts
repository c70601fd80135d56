import { createRedact } from "@clew/playbook/redact";
import { errors } from "playwright";
import { expect, test } from "vitest";
import { isKeptOff, playwrightFault } from "./playwright-fault.ts";

test("leaves nothing of a secret where Playwright's message is cut", () => {
  const secret = "hunter2\nhunter2";
  const redact = createRedact([secret]);
  const said = (text: string) => playwrightFault(new Error(text), "Typing", 1_000, redact).message;
  expect(said(`locator.fill: Error: ${"x".repeat(195)}${secret}`)).toBe(`Typing failed: ${"x".repeat(195)}[red…`);
  expect(said(`keyboard.type: ${secret} cannot be typed`)).toBe("Typing failed: [redacted] cannot be typed");
});

test("names what gives a slow page more time, unless the page itself says why nothing was done", () => {
  const said = (text: string) => playwrightFault(new errors.TimeoutError(text), "Opening a page", 7_000, createRedact([])).message;
  expect(said("Timeout 7000ms exceeded.")).toBe(
    "Opening a page timed out after 7 s. If it only needs longer, give the step more in params.timeout_ms.",
  );
  expect(said("element is not enabled")).toBe("Opening a page timed out after 7 s. The element is disabled.");
});

test.each([
  [
    "waited for an element to be fit",
    "Timeout 500ms exceeded.\nCall log:\n\u001b[2m  - attempting click action\u001b[22m\n  2 × waiting for element",
    true,
  ],
  ["had clicked before", "Call log:\n  - attempting click action\n  2 × performing click action\n  - attempting click action", false],
  ["says so of a page's own words only", 'Call log:\n  - locator resolved to <input title="attempting click action">', false],
])("what timed out and %s", (_, log, isIt) => {
  expect(isKeptOff(new errors.TimeoutError(log))).toBe(isIt);
  expect(isKeptOff(new Error(log))).toBe(false);
});
