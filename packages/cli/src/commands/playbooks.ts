import type { Clew } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";
import { parameterLines, problemLines } from "../playbook-lines.ts";
import { printable } from "../printable.ts";

/** Lists the playbooks of the catalogue with what they take, broken ones with what is wrong. */
export async function playbooksCommand(clew: Clew, output: Output): Promise<number> {
  const playbooks = await clew.playbooks();
  for (const playbook of playbooks) {
    output.emit(playbook);
    output.say(`${printable(playbook.id)}  ${printable(playbook.description)}`.trimEnd());
    for (const line of parameterLines(playbook)) output.say(line);
    for (const line of problemLines(playbook.problems, `${playbook.id}.yaml`)) output.say(`    broken: ${line}`);
  }
  if (playbooks.length === 0) output.remark("The catalogue is empty; CLEW_PLAYBOOKS names its folder.");
  return exitCode.done;
}
