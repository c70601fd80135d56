import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Clew, Fault } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";

/** Lists the files a run left behind, or saves one of them. */
export async function artifactsCommand(
  clew: Clew,
  output: Output,
  runId: string,
  name: string | undefined,
  options: { readonly output?: string },
): Promise<number> {
  const run = clew.run(runId);
  if (name === undefined) {
    for (const artifact of await run.artifacts()) {
      output.emit(artifact);
      output.say(`${String(artifact.sizeBytes).padStart(10)}  ${artifact.kind.padEnd(10)}  ${printable(artifact.name)}`);
    }
    return exitCode.done;
  }
  const target = options.output ?? basename(name);
  const bytes = run.download(name, { sha256: createHash("sha256") });
  if (target === "-") {
    await pipeline(Readable.from(bytes), process.stdout, { end: false });
    return exitCode.done;
  }
  await save(bytes, target, options.output !== undefined);
  output.emit({ runId, name, file: target });
  output.remark(`Saved ${target}`);
  return exitCode.done;
}

async function save(bytes: AsyncIterable<Uint8Array>, target: string, overwrite: boolean): Promise<void> {
  const source = Readable.from(bytes);
  // Asked for before the file is made: one that does not exist must not empty what is there.
  await new Promise((resolve, reject) => source.once("readable", resolve).once("error", reject));
  const file = await open(target, overwrite ? "w" : "wx").catch((cause: unknown) => {
    source.destroy();
    throw localFault(target, cause) ?? cause;
  });
  try {
    await pipeline(source, file.createWriteStream());
  } catch (cause) {
    await rm(target, { force: true });
    throw localFault(target, cause) ?? cause;
  }
}

/** What is wrong with the file to be written; undefined where something else is. */
function localFault(target: string, cause: unknown): Fault | undefined {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "EEXIST")
    return new Fault("INVALID_REQUEST", { message: `There is a file ${target} already; name another with -o.`, cause });
  const why = whyNot[code];
  return why === undefined ? undefined : new Fault("INVALID_REQUEST", { message: `${target} cannot be written: ${why}.`, cause });
}

const whyNot: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is a file",
  EISDIR: "it is a folder",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  ENAMETOOLONG: "its name is too long",
};
