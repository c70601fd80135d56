import type { Playbook } from "@clew/client";
import { printable } from "./printable.ts";

/** Says how each parameter of a playbook is given on a command line, a line each. */
export function parameterLines({ parameters }: Playbook): string[] {
  return parameters.map(({ name, type, required, secret, description }) => {
    const option = secret ? `--credential ${printable(name)}=@VARIABLE` : `--param ${printable(name)}=<${printable(type)}>`;
    return `    ${option}${required ? "" : " (optional)"}  ${printable(description)}`.trimEnd();
  });
}

/** Says what is wrong with a playbook, and where: a line each, such as `work.yaml:3:5: steps[0].selector is missing`. */
export function problemLines(problems: Playbook["problems"], name: string): string[] {
  return problems.map(({ playbook, field, message, line, column }) => {
    // One that is called is the catalogue's: its file is called after it.
    const file = playbook ? `${playbook}.yaml` : name;
    const where = line > 0 ? `${file}:${line}:${column}` : file;
    return `${printable(where)}: ${printable(`${field} ${message}`.trim())}`;
  });
}
