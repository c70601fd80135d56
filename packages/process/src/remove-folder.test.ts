import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeFolder } from "./remove-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-remove-"));
});
// Whatever depth a test made, and did not get removed.
afterEach(() => void execFileSync("rm", ["-rf", folder]));

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

test("removes folders that lie deeper than a path may be long, and what is locked among them", async () => {
  const ours = join(folder, "ours");
  await mkdir(ours);
  const nest = `const fs = require("node:fs");
    for (let depth = 0; depth < 40; depth++) {
      for (const name of ["n".repeat(200), "beside"]) fs.mkdirSync(name);
      fs.writeFileSync("file", "x");
      process.chdir("n".repeat(200));
    }
    fs.mkdirSync(Buffer.from([0xff, 0xfe]));
    fs.mkdirSync("locked/deep", { recursive: true });
    fs.chmodSync("locked", 0);`;
  execFileSync(process.execPath, ["-e", nest], { cwd: ours });
  await removeFolder(ours);
  expect(existsSync(ours)).toBe(false);
});
