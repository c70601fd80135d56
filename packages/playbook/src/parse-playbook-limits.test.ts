import { expect, test } from "vitest";
import { playbookLimits } from "./limits.ts";
import { parsePlaybook } from "./parse-playbook.ts";

function problemsOf(text: string) {
  const parsed = parsePlaybook(text);
  return "problems" in parsed ? parsed.problems : [];
}

test.each([
  ["keys that are given twice", "a: 1\n".repeat(50_000)],
  ["pairs of them", Array.from({ length: 12_000 }, (_, index) => `k${index}: 1\nk${index}: 2\n`).join("")],
  ["keys that are given once", `${Array.from({ length: 25_000 }, (_, index) => `k${index}: 1\n`).join("")}k1: 1`],
  ["keys that nobody knows", `steps: []\n${Array.from({ length: 19_000 }, (_, index) => `k${index}: abc\n`).join("")}`],
  ["keys that are lists", Array.from({ length: 12_000 }, (_, index) => `? [a${index}]\n: b\n`).join("")],
  [
    "anchors and aliases by turns",
    `x: &a0 1\ny: {${Array.from({ length: 11_000 }, (_, index) => `&a${index + 1} k${index}: *a${index}, `).join("")}}`,
  ],
  ["steps that are all wrong", `steps:\n${"  - { action: click, selectr: a }\n".repeat(7_000)}`],
  ["aliases", `x: &a 1\ny: [${"*a,".repeat(80_000)}]`],
  ["one long list that is merged again and again", `a: &l [${"{},".repeat(38_000)}]\nb: [${"{<<: *l},".repeat(13_500)}]`],
  ["aliases of nothing", `y: [${"*a,".repeat(80_000)}]`],
])("reads a text that is all %s without comparing each with all others", { timeout: 10_000 }, (_, text) => {
  const found = problemsOf(text).length;
  expect(found).toBeGreaterThan(0);
  expect(found).toBeLessThanOrEqual(playbookLimits.problems + 1);
});

test.each([
  ["steps that are wrong", "steps:\n", "  - { action: clik }\n"],
  ["keys that nobody knows", "steps: [{ action: extract }]\n", "k#: 1\n"],
  ["keys that are given twice", "steps: [{ action: extract }]\nid: a\n", "id: a\n"],
  ["selectors that are none", "steps:\n", "  - { action: click, selector: 'a >' }\n"],
  ["tags that are none", "steps:\n", "  - { action: extract, selector: !x a }\n"],
])("tells fifty %s, and that there are more", (_, before, wrong) => {
  const text = (count: number) => before + Array.from({ length: count }, (__, index) => wrong.replace("#", String(index))).join("");
  expect(problemsOf(text(50))).toHaveLength(50);
  const told = problemsOf(text(51));
  expect(told).toHaveLength(51);
  expect(told.at(-1)).toEqual({ field: "", message: "more is wrong with it than is told here", line: 0, column: 0 });
});

test("holds a playbook to its limits", () => {
  expect(problemsOf(`steps:\n${"  - { action: extract }\n".repeat(201)}`)).toMatchObject([
    { field: "steps", message: "must have at most 200 entries" },
  ]);
  expect(problemsOf(`description: ${"x".repeat(256 * 1024)}`)[0]?.message).toBe("the playbook must have at most 256 KiB");
  expect(problemsOf("[".repeat(100_000))[0]?.message).toBe("the playbook is nested too deeply");
});

test("is not blown up by anchors that repeat each other", () => {
  const bomb = [
    "a0: &a0 [x]",
    ...Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(", ")}]`),
  ].join("\n");
  expect(problemsOf(bomb)[0]?.message).toContain("repeats its anchors too often");
});
