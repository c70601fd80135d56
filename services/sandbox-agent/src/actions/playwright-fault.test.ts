import { createRedact } from "@clew/playbook/redact";
import { expect, test } from "vitest";
import { playwrightFault } from "./playwright-fault.ts";

test("leaves nothing of a secret where Playwright's message is cut", () => {
  const secret = "hunter2\nhunter2";
  const redact = createRedact([secret]);
  const said = (text: string) => playwrightFault(new Error(text), "Typing", 1_000, redact).message;
  expect(said(`locator.fill: Error: ${"x".repeat(195)}${secret}`)).toBe(`Typing failed: ${"x".repeat(195)}[red…`);
  expect(said(`keyboard.type: ${secret} cannot be typed`)).toBe("Typing failed: [redacted] cannot be typed");
});
