import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";

vi.setConfig({ testTimeout: 60_000 });

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Runs the command where there is no screen. */
function clew(cwd: string, ...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { cwd, env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } },
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test("clew playbook import writes a playbook, says what it takes and what was left out, and overwrites nothing unasked", async () => {
  await using folder = await tempFolder();
  const recording = {
    title: "a",
    steps: [
      { type: "setViewport", width: 1, height: 1 },
      { type: "navigate", url: "https://shop.example/" },
      { type: "change", value: "Io", selectors: [["aria/Name"]] },
      { type: "change", value: "hush", selectors: [["aria/Password"]] },
    ],
  };
  await writeFile(join(folder.path, "recording.json"), JSON.stringify(recording));
  const args = ["playbook", "import", "recording.json", "-o", "new work.yaml"];
  const first = await clew(folder.path, ...args);
  expect(first).toEqual({
    code: 0,
    out: 'Wrote new work.yaml: 2 steps.\n    --param name="Io"\n    --credential password=@VARIABLE\n',
    err: "  Step 1 (setViewport) is left out: the run has a window of its own.\n",
  });
  const written = await readFile(join(folder.path, "new work.yaml"), "utf8");
  expect(written).toContain("id: new-work\n");
  expect(await clew(folder.path, ...args)).toMatchObject({
    code: 2,
    err: expect.stringContaining("new work.yaml is there already; --force"),
  });
  const forced = await clew(folder.path, ...args, "--force", "--json");
  expect(JSON.parse(forced.out)).toMatchObject({ output: "new work.yaml", steps: 2, parameters: [{ name: "name" }, { name: "password" }] });
});

test("clew record says what it lacks: a screen, an address, a file to write", async () => {
  await using folder = await tempFolder();
  expect(await clew(folder.path, "record", "https://shop.example", "-o", "a.yaml")).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is no display here"),
  });
  const wrong = await clew(folder.path, "record", "shop", "-o", "a.yaml", "--json");
  expect(JSON.parse(wrong.err)).toMatchObject({
    error: { reason: "INVALID_REQUEST", message: expect.stringContaining("must be an address") },
  });
  expect(await clew(folder.path, "record", "https://shop.example")).toMatchObject({ code: 2, err: expect.stringContaining("--output") });
});
