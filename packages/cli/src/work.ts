import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { Fault, type RunSpec } from "@clew/client";
import { demandFile } from "./local-file.ts";

const maxSourceBytes = 256 * 1024;

/**
 * Reads what to run: the text of a playbook file where `named` is one, otherwise the id of a playbook of the catalogue. Throws INVALID_REQUEST
 * for what looks like a path and is no file that can be read.
 */
export async function readWork(named: string): Promise<Pick<RunSpec, "playbook" | "playbookSource">> {
  const found = await stat(named).catch(() => undefined);
  const looksLikePath = /[/\\]|\.ya?ml$/i.test(named);
  if (found?.isFile() !== true && !looksLikePath) return { playbook: named };
  await demandFile(named);
  if (found !== undefined && found.size > maxSourceBytes)
    throw new Fault("INVALID_REQUEST", { message: `${named} is larger than 256 KiB.` });
  const bytes = await readFile(named);
  if (!isUtf8(bytes)) throw new Fault("INVALID_REQUEST", { message: `${named} is no text in UTF-8.` });
  return { playbookSource: bytes.toString("utf8") };
}
