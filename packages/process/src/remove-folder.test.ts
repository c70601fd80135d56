import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeFolder } from "./remove-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-remove-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("removes what is locked, follows no link, and does not mind what is gone", async () => {
  const ours = join(folder, "ours");
  await mkdir(join(ours, "locked", "deep"), { recursive: true });
  await writeFile(join(ours, "locked", "deep", "file"), "x");
  await mkdir(join(folder, "theirs"));
  await symlink(join(folder, "theirs"), join(ours, "link"));
  for (const path of [join(ours, "locked", "deep"), join(ours, "locked"), join(folder, "theirs")]) await chmod(path, 0);
  if (process.getuid?.() === 0) {
    // Root minds no lock: an ordinary user does it.
    execFileSync("chown", ["-R", "--no-dereference", "65534", folder]);
    const module = fileURLToPath(new URL("remove-folder.ts", import.meta.url));
    const script = `await (await import(${JSON.stringify(module)})).removeFolder(${JSON.stringify(ours)})`;
    execFileSync(process.execPath, ["--input-type=module", "-e", script], { uid: 65_534 });
  } else await removeFolder(ours);
  expect(existsSync(ours)).toBe(false);
  expect(existsSync(join(folder, "theirs"))).toBe(true);
  await removeFolder(ours);
});
