import { Fault, type Violation } from "@clew/fault/fault";
import type { PlaybookProblem } from "@clew/playbook/problem";

/** What is wrong with a playbook, or with one that it calls. */
export interface PlacedProblem extends PlaybookProblem {
  /** The id of the called playbook it is in; undefined where it is in the one that was asked for. */
  readonly playbook?: string | undefined;
}

/** Says all that is wrong with the playbook that a field of a spec gives, and with those that it calls, with line and column. */
export function invalidPlaybook(field: "playbook" | "playbookSource", problems: readonly PlacedProblem[]): Fault {
  const violations = problems.map((problem): Violation => ({ field: `spec.${field}`, rule: "playbook", message: describe(problem) }));
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return new Fault("PLAYBOOK_INVALID", { message: `The playbook is not valid: ${violations[0]?.message ?? ""}${more}`, violations });
}

function describe({ playbook, field, message, line, column }: PlacedProblem): string {
  const where = [...(playbook === undefined ? [] : [`'${playbook}'`]), ...(line > 0 ? [`line ${line}`, `column ${column}`] : [])].join(
    ", ",
  );
  return `${where === "" ? "" : `${where}: `}${field === "" ? "" : `${field} `}${message}`;
}
