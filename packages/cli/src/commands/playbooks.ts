import type { Clew } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";

/** Lists the playbooks of the catalogue with what they take, broken ones with what is wrong. */
export async function playbooksCommand(clew: Clew, output: Output): Promise<number> {
  const playbooks = await clew.playbooks();
  for (const playbook of playbooks) {
    output.emit(playbook);
    output.say(`${printable(playbook.id)}  ${printable(playbook.description)}`.trimEnd());
    for (const { name, type, required, description } of playbook.parameters) {
      output.say(
        `    --param ${printable(name)}=<${printable(type)}>${required ? "" : " (optional)"}  ${printable(description)}`.trimEnd(),
      );
    }
    for (const { field, message, line, column } of playbook.problems)
      output.say(`    broken: ${line > 0 ? `${line}:${column} ` : ""}${printable(field)}: ${printable(message)}`);
  }
  if (playbooks.length === 0) output.remark("The catalogue is empty; CLEW_PLAYBOOKS names its folder.");
  return exitCode.done;
}
