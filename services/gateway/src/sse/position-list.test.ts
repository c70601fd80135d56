import fc from "fast-check";
import { expect, test } from "vitest";
import { positionListOf } from "./position-list.ts";

const token = fc.stringMatching(/^[A-Za-z0-9._~-]{1,256}$/);

test("reads back what was written, for the same runs", () => {
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 12 }), (tokens) => {
      const list = positionListOf(tokens.map((_, index) => `run-${index}`));
      const text = list.format(tokens);
      fc.pre(text.length <= 4_096);
      expect(list.parse(text)).toEqual({ kind: "tokens", tokens });
    }),
  );
});

test("counts for no other set of runs", () => {
  const text = positionListOf(["run-a", "run-b"]).format(["c1.x", "c1.y"]);
  expect(positionListOf(["run-a", "run-c"]).parse(text)).toEqual({ kind: "otherRuns" });
});

test.each([
  ["nothing", ""],
  ["a token of one run", "c1.abc"],
  ["a number", "7"],
  ["one token too few", positionListOf(["run-a", "run-b"]).format(["c1.x"])],
  ["an empty token", positionListOf(["run-a", "run-b"]).format(["c1.x", ""])],
  ["more characters than any has", `m1.00000000:${"a".repeat(4_096)}`],
])("takes %s for malformed", (_what, text) => {
  expect(positionListOf(["run-a", "run-b"]).parse(text)).toEqual({ kind: "malformed" });
});
