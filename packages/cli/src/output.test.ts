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
  ["one field", "spec.params.a: is missing", violations.slice(0, 1), "clew: spec.params.a: is missing (INVALID_REQUEST)\n"],
  [
    "several fields",
    "spec.params.a: is missing (and 1 more)",
    violations,
    "clew: 2 things are wrong. (INVALID_REQUEST)\n  spec.params.a: is missing\n  spec.params.b: is missing\n",
  ],
  [
    "what the message does not say",
    "It is refused.",
    violations.slice(1),
    "clew: It is refused. (INVALID_REQUEST)\n  spec.params.b: is missing\n",
  ],
])("says once that %s is wrong", (_, message, wrong, text) => {
  expect(told(new Fault("INVALID_REQUEST", { message, violations: wrong }))).toBe(text);
});
