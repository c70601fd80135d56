import { Fault } from "@clew/fault/fault";
import { type ActingStep, stepSchema } from "@clew/playbook/schema/step";
import { effectOf } from "@clew/playbook/step-effect";
import { expect, test } from "vitest";
import { mayRetry } from "./may-retry.ts";

function stepOf(step: object): ActingStep {
  const parsed = stepSchema.parse(step);
  if (parsed.action === "if" || parsed.action === "for_each" || parsed.action === "call") throw new Error("Not an action.");
  return parsed;
}

const passing = new Fault("ACTION_TIMED_OUT");
const click = { action: "click", selector: "a" };
const request = (method: string) => ({ action: "api_request", request: { url: "https://shop.example", method } });

test.each<[string, object, { never: boolean; handed: boolean; declared: boolean }]>([
  ["a click", click, { never: true, handed: false, declared: true }],
  ["a commit", { ...click, effect: "commit" }, { never: true, handed: false, declared: false }],
  ["a click that only reads", { ...click, effect: "read" }, { never: true, handed: true, declared: true }],
  ["goto", { action: "goto", params: { url: "https://shop.example" } }, { never: true, handed: true, declared: true }],
  ["fill", { action: "fill", selector: "a", params: { text: "x" } }, { never: true, handed: true, declared: true }],
  ["check", { action: "check", selector: "a" }, { never: true, handed: true, declared: true }],
  ["select", { action: "select", selector: "a", params: { value: "x" } }, { never: true, handed: true, declared: true }],
  ["key_press into a field", { action: "key_press", selector: "a", params: { text: "x" } }, { never: true, handed: true, declared: true }],
  [
    "key_press that submits",
    { action: "key_press", selector: "a", params: { text: "x", key: "Enter" } },
    { never: true, handed: false, declared: true },
  ],
  ["key_press where the focus is", { action: "key_press", params: { text: "x" } }, { never: true, handed: false, declared: true }],
  ["GET", request("GET"), { never: true, handed: true, declared: true }],
  ["PUT", request("PUT"), { never: true, handed: true, declared: true }],
  ["POST", request("POST"), { never: true, handed: false, declared: false }],
])("[weakness 34] tries again only what may happen twice: %s", (_, given, expected) => {
  const step = stepOf(given);
  const declared = stepOf({ ...given, on_failure: "retry" });
  const handed = (by: ActingStep) => [{ step: by, effect: effectOf(by), clicks: false }];
  expect({
    never: mayRetry(step, [], passing),
    handed: mayRetry(step, handed(step), passing),
    declared: mayRetry(declared, handed(declared), passing),
  }).toEqual(expected);
});

test("never tries again what says abort, nor after a failure that cannot pass", () => {
  expect(mayRetry(stepOf({ ...click, on_failure: "abort" }), [], passing)).toBe(false);
  expect(mayRetry(stepOf({ ...click, on_failure: "retry" }), [], new Fault("SELECTOR_AMBIGUOUS"))).toBe(false);
});

test("tries a sequence again only where each action that was done may happen twice", () => {
  const sequence = stepOf({ action: "execute_sequence", steps: [click] });
  const fill = stepOf({ action: "fill", selector: "a", params: { text: "x" } });
  expect(mayRetry(sequence, [{ step: fill, effect: "write", clicks: false }], passing)).toBe(true);
  expect(
    mayRetry(
      sequence,
      [
        { step: fill, effect: "write", clicks: false },
        { step: stepOf(click), effect: "write", clicks: false },
      ],
      passing,
    ),
  ).toBe(false);
  expect(mayRetry(sequence, [{ step: fill, effect: "commit", clicks: false }], passing)).toBe(false);
});

test("gives files again to a field, and clicks no button again that asks for them", () => {
  const upload = stepOf({ action: "upload", selector: "a", params: { files: ["a.txt"] } });
  expect(mayRetry(upload, [{ step: upload, effect: "write", clicks: false }], passing)).toBe(true);
  expect(mayRetry(upload, [{ step: upload, effect: "write", clicks: true }], passing)).toBe(false);
});
