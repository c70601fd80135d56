import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

/** What a process answers that has this environment and no other. */
async function environmentIn(env: Readonly<Record<string, string>>): Promise<unknown> {
  const module = fileURLToPath(new URL("compile-cache.ts", import.meta.url));
  const script = `const { compileCacheEnvironment } = await import(${JSON.stringify(module)}); console.log(JSON.stringify(compileCacheEnvironment()));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  return JSON.parse(stdout);
}

test("hands on the folder that a process keeps its compiled code in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clew-compile-cache-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const env = { NODE_COMPILE_CACHE: folder };
  expect(await environmentIn(env)).toEqual(env);
  const kept = await readdir(folder);
  expect(await environmentIn(env)).toEqual(env);
  expect(await readdir(folder)).toEqual(kept);
});

test("hands on nothing where a process keeps none", async () => {
  expect(await environmentIn({})).toEqual({});
});
