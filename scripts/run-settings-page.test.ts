import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runSettingsPage } from "./run-settings-page.ts";

const page = runSettingsPage();

test("docs/run-settings.md says what requests are checked by", () => {
  const committed = readFileSync(new URL("../docs/run-settings.md", import.meta.url), "utf8");
  expect(committed, "run npm run docs:run-settings and commit docs/run-settings.md").toBe(page);
});

test("every row has a field, a purpose and a default, and each field stands once", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const fields = rows.map((row) => /^\| `([\w.]+)` \| [^|]+ \| [^|]+ \| [^|]*\|$/.exec(row)?.[1]);
  expect(fields).not.toContain(undefined);
  expect(new Set(fields).size).toBe(fields.length);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
});
