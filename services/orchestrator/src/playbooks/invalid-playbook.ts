import { Fault, type Violation } from "@clew/fault/fault";
import type { PlaybookProblem } from "@clew/playbook/problem";

/** Says all that is wrong with the playbook that a field of a spec gives, with line and column. */
export function invalidPlaybook(field: "playbook" | "playbookSource", problems: readonly PlaybookProblem[]): Fault {
  const violations = problems.map((problem): Violation => ({ field: `spec.${field}`, rule: "playbook", message: describe(problem) }));
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return new Fault("PLAYBOOK_INVALID", { message: `The playbook is not valid: ${violations[0]?.message ?? ""}${more}`, violations });
}

function describe({ field, message, line, column }: PlaybookProblem): string {
  const where = line > 0 ? `line ${line}, column ${column}: ` : "";
  return `${where}${field === "" ? "" : `${field} `}${message}`;
}
