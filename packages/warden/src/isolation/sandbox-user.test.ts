import { expect, test } from "vitest";
import { sandboxUser } from "./sandbox-user.ts";

test("no two wardens beside each other have sandboxes of the same user, nor do those of one process id in two containers, as a rule", () => {
  const root = (pid: number, id: string) => sandboxUser({ uid: 0, pid, id })?.uid ?? 0;
  const neighbours = Array.from({ length: 1_000 }, (_, index) => root(index + 1, `00c0ffee.${index}`));
  expect(new Set(neighbours).size).toBe(1_000);
  expect(new Set(Array.from({ length: 100 }, (_, index) => root(7, `${index}.run`))).size).toBeGreaterThan(80);
  for (const pid of [1, 2 ** 22 - 1]) {
    expect(root(pid, "x")).toBeGreaterThan(1_500_000_000);
    expect(root(pid, "x")).toBeLessThan(2 ** 32 - 1);
  }
});

test("whoever is not root stays who he is", () => {
  expect(sandboxUser({ uid: 1000, pid: 7, id: "x" })).toBeUndefined();
});
