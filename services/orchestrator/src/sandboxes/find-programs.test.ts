import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findPrograms } from "./find-programs.ts";

const program = "packages/warden/src/main.ts";
const folder = "node_modules/.cache/clew/programs";

/** A project with one program, and a bundle of it. */
async function makeProject(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "clew-programs-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const path of ["packages/warden/src", folder]) await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, program), "");
  const { mtimeMs } = await stat(join(root, program));
  await writeFile(join(root, folder, "made-of.json"), JSON.stringify({ [program]: mtimeMs }));
  return root;
}

test("a program is its bundle, as long as no code of it was changed", async () => {
  const root = await makeProject();
  expect(findPrograms(root)(program)).toBe(join(root, folder, "packages/warden/src/main.mjs"));
});

test.each([
  ["its code is newer", (root: string) => utimes(join(root, program), new Date(), new Date(Date.now() + 5_000))],
  ["its code is older, as after going back", (root: string) => utimes(join(root, program), new Date(), new Date(0))],
  ["its code is gone", (root: string) => rm(join(root, program))],
  ["nobody says what the bundle was made of", (root: string) => rm(join(root, folder, "made-of.json"))],
  ["what it was made of cannot be read", (root: string) => writeFile(join(root, folder, "made-of.json"), "{")],
])("a program is what the project has where %s", async (_, change) => {
  const root = await makeProject();
  await change(root);
  expect(findPrograms(root)(program)).toBe(join(root, program));
});
