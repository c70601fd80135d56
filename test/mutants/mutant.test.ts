import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { readMutant } from "./mutant.ts";

it("reads what a patch says of itself", () => {
  const patch = "Recreates: a bug\nBreaks: a thing\nTests: a.test.ts\nTests: simulate --seeds 3\n\ndiff --git a/a b/a\n";
  expect(readMutant("m", patch)).toEqual({
    name: "m",
    recreates: "a bug",
    breaks: "a thing",
    adapted: undefined,
    tests: ["a.test.ts", "simulate --seeds 3"],
  });
});

it("takes no patch that names no test", () => {
  expect(() => readMutant("m", "Recreates: a bug\nBreaks: a thing\n\ndiff --git a/a b/a\n")).toThrow("Tests");
});

it("has 25 patches, each of which says which bug it is", async () => {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".patch"));
  for (const name of names) expect(readMutant(name, await readFile(`${import.meta.dirname}/${name}`, "utf8")).recreates).not.toBe("");
  expect(names).toHaveLength(25);
});
