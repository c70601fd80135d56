import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { giveInputs } from "./give-inputs.ts";

async function room() {
  const temp = await tempFolder();
  const [folder, source, outside] = [join(temp.path, "inputs-2"), join(temp.path, "upload"), join(temp.path, "outside")];
  await writeFile(source, "of the caller");
  await mkdir(outside);
  return { folder, outside, inputs: [{ name: "list.csv", path: source }], [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

it("copies files that may only be read", async () => {
  await using at = await room();
  await mkdir(at.folder);
  await giveInputs(at.folder, at.inputs);
  const copy = join(at.folder, "list.csv");
  expect(await readFile(copy, "utf8")).toBe("of the caller");
  expect((await stat(copy)).mode & 0o777).toBe(0o400);
});

it("follows no link that a sandbox put in the folder's place, or a file's", async () => {
  await using at = await room();
  await symlink(at.outside, at.folder);
  await expect(giveInputs(at.folder, at.inputs)).rejects.toMatchObject({ reason: "SANDBOX_LOST" });
  await using other = await room();
  await mkdir(other.folder);
  await symlink(join(other.outside, "written"), join(other.folder, "list.csv"));
  await giveInputs(other.folder, other.inputs);
  expect([await readdir(at.outside), await readdir(other.outside)]).toEqual([[], []]);
  expect((await lstat(join(other.folder, "list.csv"))).isFile()).toBe(true);
});

it("copies them again for an attempt after one that came no further, and not over a folder", async () => {
  await using at = await room();
  await mkdir(at.folder);
  await giveInputs(at.folder, at.inputs);
  await writeFile(at.inputs[0]?.path ?? "", "of the caller, anew");
  await giveInputs(at.folder, at.inputs);
  expect(await readFile(join(at.folder, "list.csv"), "utf8")).toBe("of the caller, anew");
  await using other = await room();
  await mkdir(join(other.folder, "list.csv"), { recursive: true });
  await expect(giveInputs(other.folder, other.inputs)).rejects.toMatchObject({ reason: "SANDBOX_LOST" });
});
