import { access, constants, stat } from "node:fs/promises";
import { Fault } from "@clew/client";

/** Throws INVALID_REQUEST, after the words of `option`, where a path is no file that can be read. */
export async function demandFile(path: string, option = ""): Promise<void> {
  const refuse = (why: string) => new Fault("INVALID_REQUEST", { message: option === "" ? why : `${option}: ${why}` });
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw refuse(`There is no file ${path}.`);
  if (found.isDirectory()) throw refuse(`${path} is a folder; name a file in it.`);
  if (!found.isFile()) throw refuse(`${path} is no file.`);
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new Fault("INVALID_REQUEST", { message: `${path} cannot be read.`, cause });
  });
}
