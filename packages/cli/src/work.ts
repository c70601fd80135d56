import { readFile, stat } from "node:fs/promises";
import { Fault, type RunSpec } from "@clew/client";

const maxSourceBytes = 256 * 1024;

/** Reads what to run: the text of a playbook file where `named` is one, otherwise the id of a playbook of the catalogue. */
export async function readWork(named: string): Promise<Pick<RunSpec, "playbook" | "playbookSource">> {
  const file = await stat(named).catch(() => undefined);
  if (file?.isFile() !== true) {
    if (/\.ya?ml$/i.test(named)) throw new Fault("INVALID_REQUEST", { message: `There is no file ${named}.` });
    return { playbook: named };
  }
  if (file.size > maxSourceBytes) throw new Fault("INVALID_REQUEST", { message: `${named} is larger than 256 KiB.` });
  return { playbookSource: await readFile(named, "utf8") };
}
