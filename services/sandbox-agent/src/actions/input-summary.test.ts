import { stepSchema } from "@clew/playbook/schema/step";
import { expect, test } from "vitest";
import { inputSummary } from "./input-summary.ts";

const selector = { role: "button", name: "Save" };

test.each([
  [{ action: "goto", params: { url: "https://user:pass@shop.test/a?token=hush#x" } }, "navigate to https://shop.test/a"],
  [{ action: "click", selector, params: { button: "right", count: 2, modifiers: ["Shift"] } }, "click 'button 'Save'' (right, 2x, Shift)"],
  [{ action: "fill", selector: "#pin", params: { text: "hush" } }, "fill text into '#pin'"],
  [{ action: "fill", selector: "#pin", params: { credential_ref: "password" } }, "fill credential 'password' into '#pin'"],
  [{ action: "key_press", params: { text: "hush", key: "Enter" } }, "type text + press Enter"],
  [{ action: "key_press", selector: "#pin", params: { key: "Enter" } }, "press Enter in '#pin'"],
  [{ action: "select", selector: "select", params: { value: "hush" } }, "select in 'select'"],
  [{ action: "check", selector: "#a", params: { checked: false } }, "uncheck '#a'"],
  [{ action: "scroll", params: { direction: "down", amount: 3 } }, "scroll down 3x"],
  [{ action: "scroll", selector: "#a" }, "scroll '#a' into view"],
  [{ action: "scroll", selector: "#a", params: { to: "top" } }, "scroll '#a' to the top"],
  [{ action: "drag", selector: "#a", params: { to: "#b" } }, "drag '#a' to '#b'"],
  [{ action: "upload", selector: "#a", params: { files: ["a.txt", "b.txt"] } }, "upload 2 files to '#a'"],
  [{ action: "download", params: { url: "https://shop.test/a.csv?token=hush" } }, "download https://shop.test/a.csv"],
  [{ action: "handle_dialog", params: { accept: true, text: "hush" } }, "accept the next dialog"],
  [{ action: "evaluate", params: { script: "hush" } }, "run a script"],
  [{ action: "switch_tab", params: { url_contains: "/reports?token=hush" } }, "switch to the tab at '/reports'"],
  [{ action: "close_tab" }, "close the tab"],
  [{ action: "extract" }, "extract text from 'body'"],
  [{ action: "wait_for", selector: "x".repeat(60) }, `wait for '${"x".repeat(49)}…' to be visible`],
  [{ action: "api_request", request: { url: "https://shop.test/api?token=hush" } }, "send GET https://shop.test/api"],
])("[weakness 30] says what a step acts on, and never what it types: %j", (step, summary) => {
  expect(inputSummary(stepSchema.parse(step))).toBe(summary);
});
