import { Fault } from "@clew/client";
import { afterEach, expect, test, vi } from "vitest";
import { createOutput } from "./output.ts";

afterEach(() => vi.restoreAllMocks());

/** What a person is told of a fault. */
function told(fault: Fault): string {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  createOutput(false).fail(fault);
  return write.mock.calls.map(([text]) => text).join("");
}

const violations = ["a", "b"].map((name) => ({ field: `spec.params.${name}`, rule: "parameter", message: "is missing" }));

test.each([
  ["one field", "spec.params.a: is missing", violations.slice(0, 1), "clew: --param a (params.a): is missing (INVALID_REQUEST)\n"],
  [
    "several fields",
    "spec.params.a: is missing (and 1 more)",
    violations,
    "clew: 2 things are wrong. (INVALID_REQUEST)\n  --param a (params.a): is missing\n  --param b (params.b): is missing\n",
  ],
  [
    "what the message does not say",
    "It is refused.",
    violations.slice(1),
    "clew: It is refused. (INVALID_REQUEST)\n  --param b (params.b): is missing\n",
  ],
  [
    "a field that an option gives",
    "timeoutSeconds: must be 5 to 3600, not 1",
    [{ field: "timeoutSeconds", rule: "range", message: "must be 5 to 3600, not 1" }],
    "clew: --timeout (timeoutSeconds): must be 5 to 3600, not 1 (INVALID_REQUEST)\n",
  ],
  [
    "a plain word that is a field",
    "model: is not set up",
    [{ field: "model", rule: "model", message: "is not set up" }],
    "clew: --model (model): is not set up (INVALID_REQUEST)\n",
  ],
])("says once that %s is wrong", (_, message, wrong, text) => {
  expect(told(new Fault("INVALID_REQUEST", { message, violations: wrong }))).toBe(text);
});
