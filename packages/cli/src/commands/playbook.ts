import { stat } from "node:fs/promises";
import { type Clew, Fault, type PlaybookValidation } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";
import { parameterLines, problemLines } from "../playbook-lines.ts";
import { printable } from "../printable.ts";
import { readWork } from "../work.ts";

/** Says of each file whether it is a playbook that can run, and otherwise all that is wrong with it, as `file:line:column`. */
export async function checkPlaybooksCommand(clew: Clew, output: Output, names: readonly string[]): Promise<number> {
  let isRight = true;
  for (const name of names) {
    const { problems, playbook } = await look(clew, name).catch((thrown: unknown) => unlookedAt(name, thrown));
    output.emit({ name, valid: problems.length === 0, problems });
    for (const line of problemLines(problems, name)) output.say(line);
    if (problems.length === 0) output.say(`${printable(name)}: '${printable(playbook?.id ?? "")}' can run.`);
    else isRight = false;
  }
  return isRight ? exitCode.done : exitCode.usage;
}

/** Shows what a playbook is and takes: a file, or one of the catalogue by its id. */
export async function showPlaybookCommand(clew: Clew, output: Output, name: string): Promise<number> {
  const { playbook, problems } = await look(clew, name);
  output.emit({ ...playbook, problems });
  if (playbook !== undefined && problems.length === 0) {
    const { id, version, description, tags, stepCount, sha256 } = playbook;
    output.say(`${printable(id)}${version === "" ? "" : ` ${printable(version)}`}  ${printable(description)}`.trimEnd());
    output.say(`    ${stepCount} ${stepCount === 1 ? "step" : "steps"}${tags.length === 0 ? "" : `; tags: ${printable(tags.join(", "))}`}`);
    for (const line of parameterLines(playbook)) output.say(line);
    output.say(`    sha256:${sha256}`);
  }
  for (const line of problemLines(problems, name)) output.say(line);
  return problems.length === 0 ? exitCode.done : exitCode.usage;
}

/** Takes a name that leads to no playbook for one that is wrong, so that the others are looked at all the same; throws what would hit them too. */
async function unlookedAt(name: string, thrown: unknown): Promise<Pick<PlaybookValidation, "playbook" | "problems">> {
  const { reason, message } = Fault.from(thrown);
  if (reason !== "INVALID_REQUEST" && reason !== "PLAYBOOK_NOT_FOUND") throw thrown;
  const isFolder = (await stat(name).catch(() => undefined))?.isDirectory() === true;
  const said = isFolder ? "This is a folder; name the files in it." : message;
  return { problems: [{ playbook: "", field: "", message: said, line: 0, column: 0 }] };
}

async function look(clew: Clew, name: string): Promise<Pick<PlaybookValidation, "playbook" | "problems">> {
  const { playbookSource } = await readWork(name);
  if (playbookSource !== undefined) return await clew.validatePlaybook(playbookSource);
  const playbook = await clew.playbook(name);
  return { playbook, problems: playbook.problems };
}
