import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { readWorkFile } from "./read-work-file.ts";

async function read(folder: string, name: string, offset = 0): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of readWorkFile(folder, name, offset)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it("reads what a sandbox left from a byte on, and neither a link nor a pipe in its place", async () => {
  await using folder = await tempFolder();
  const files = placesOf(folder.path).files;
  await mkdir(files, { recursive: true });
  await writeFile(join(files, "text"), "abc");
  expect(await read(folder.path, "text", 1)).toBe("bc");
  await symlink("/etc/passwd", join(files, "link"));
  await expect(read(folder.path, "link")).rejects.toMatchObject({ code: "ELOOP" });
  execFileSync("/usr/bin/mkfifo", [join(files, "pipe")]);
  await expect(read(folder.path, "pipe")).rejects.toMatchObject({ reason: "ARTIFACT_NOT_FOUND" });
});
