import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What is said of a file. */
interface SaidFile {
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Names that are no plain file of the folder, or are somebody else's. */
export const forgedNames = (file: string): readonly string[] => [
  file,
  `../../../../../../../..${file}`,
  "../agent.outbox",
  "../../warden.log",
  "..",
  ".",
  "",
  "a/b.txt",
  "a\\..\\b.txt",
  "a\0.txt",
  "link.txt",
  "linked-folder/marker.txt",
  "pipe.txt",
  "folder.txt",
  "device.txt",
  "egress.json",
  "run.json",
  "playbook.yaml",
  "sandbox-1.log",
  "manifest.json\n",
  `${"n".repeat(300)}.txt`,
];

/** Lays out what lures whoever reads files for us, and says of all of it that it is the machine's file. */
export async function forgedFiles(folder: string, file: string, marker: string): Promise<readonly SaidFile[]> {
  await symlink(file, join(folder, "link.txt"));
  await symlink(join(file, ".."), join(folder, "linked-folder"));
  await symlink("/dev/zero", join(folder, "device.txt"));
  await mkdir(join(folder, "folder.txt"));
  execFileSync("/usr/bin/mkfifo", [join(folder, "pipe.txt")]);
  await writeFile(join(folder, "short.txt"), "short");
  await writeFile(join(folder, "other.txt"), "other");
  const sha256 = createHash("sha256").update(marker).digest("hex");
  const said = (name: string, sizeBytes = Buffer.byteLength(marker)): SaidFile => ({ name, contentType: "text/plain", sizeBytes, sha256 });
  return [
    ...forgedNames(file).map((name) => said(name)),
    said("short.txt", 1_000_000),
    said("short.txt", -1),
    said("short.txt", Number.MAX_VALUE),
    said("short.txt", 0.5),
    said("other.txt", 5),
  ];
}
