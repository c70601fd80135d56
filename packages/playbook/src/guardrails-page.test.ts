import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { guardrailNumbers } from "./guardrail-settings.ts";

const page = readFileSync(new URL("../../../docs/guardrails.md", import.meta.url), "utf8");

test("docs/guardrails.md names every setting with its default and its bounds", () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) to (\d+) \|$/gm)].map(([, name, preset, min, max]) => [
    name,
    { default: Number(preset), min: Number(min), max: Number(max) },
  ]);
  expect(Object.fromEntries(rows)).toEqual(guardrailNumbers);
});
