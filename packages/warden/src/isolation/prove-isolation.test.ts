import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Proof, proveIsolation } from "./prove-isolation.ts";

let folder: string;
let hidden: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-hidden-"));
  hidden = join(folder, "key");
  await writeFile(hidden, "");
});
afterAll(() => rm(folder, { recursive: true }));

const prove = (proof: Partial<Proof> = {}) =>
  proveIsolation({
    node: process.execPath,
    path: "/usr/bin:/bin",
    readable: [process.execPath],
    hidden: { "the volume": hidden },
    ...proof,
  });

test("finds nothing wrong where sandboxes isolate, and leaves nothing", async () => {
  expect(await prove()).toBeUndefined();
  expect((await readdir(tmpdir())).filter((name) => name.startsWith(`clew-proof-${process.pid}-`))).toEqual([]);
});

test("tells of a volume that is seen", async () => {
  expect(await prove({ readable: [process.execPath, folder] })).toBe("a sandbox sees the volume");
});

test("tells of each thing that is to be hidden and is seen", async () => {
  const seen = { "the volume": hidden, CLEW_SECRETS: "/usr/lib", CLEW_CONFIG: "/usr/bin/env" };
  expect(await prove({ hidden: seen })).toBe("a sandbox sees CLEW_SECRETS, CLEW_CONFIG");
});

test("tells of a machine without bubblewrap", async () => {
  expect(await prove({ path: folder })).toBe("there is no bwrap that could be started");
});

test("passes on what bubblewrap complains of", async () => {
  expect(await prove({ readable: [process.execPath, join(folder, "nowhere")] })).toMatch(/^bwrap: Can't find source path .*nowhere/);
});

test("tells of a program that says something else", async () => {
  const file = join(folder, "liar.sh");
  await writeFile(file, "#!/bin/sh\necho all is well\nsleep 1\n", { mode: 0o755 });
  expect(await prove({ node: file, readable: [file] })).toBe("all is well\n".trim());
});
