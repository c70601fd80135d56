import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { closingLine } from "../support/closing-line-reporter.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test.each([
  [{ passed: 12, failed: 0, skipped: 0 }, "12 passed, 0 failed"],
  [{ passed: 1, failed: 2, skipped: 3 }, "1 passed, 2 failed, 3 skipped"],
])("writes %o as %s", (counts, line) => {
  expect(closingLine(counts)).toBe(line);
});

test("the last line of a run counts what passed, failed and was skipped, and a file that cannot be loaded as failed", () => {
  const folder = mkdtempSync(join(tmpdir(), "clew-closing-"));
  try {
    writeFileSync(
      join(folder, "some.test.js"),
      `test("a", () => {}); test("b", () => { throw new Error("b"); }); test.skip("c", () => {});`,
    );
    writeFileSync(join(folder, "broken.test.js"), "await import('./nowhere.js');");
    const args = [
      "run",
      "--globals",
      "--root",
      folder,
      "--reporter=default",
      `--reporter=${join(root, "test/support/closing-line-reporter.ts")}`,
    ];
    const { stdout, status } = spawnSync(join(root, "node_modules/.bin/vitest"), args, { cwd: folder, encoding: "utf8" });
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("1 passed, 2 failed, 1 skipped");
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
