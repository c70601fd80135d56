import { playbookLimits } from "./limits.ts";

/** One thing that is wrong with a playbook, or with what it was given. */
export interface PlaybookProblem {
  /** Where, as a path such as `steps[2].selector`. */
  readonly field: string;
  /** What is wrong and what to do; values are never echoed. */
  readonly message: string;
  /** The line, from 1; 0 when unknown. */
  readonly line: number;
  /** The column, from 1; 0 when unknown. */
  readonly column: number;
}

/** As many as are told of one playbook, line by line; the last one then says that there are more. */
export function toldProblems(found: readonly PlaybookProblem[]): readonly PlaybookProblem[] {
  const lineOf = ({ line }: PlaybookProblem) => (line === 0 ? Number.MAX_SAFE_INTEGER : line);
  const problems = found.toSorted((one, other) => lineOf(one) - lineOf(other));
  if (problems.length <= playbookLimits.problems) return problems;
  const more = { field: "", message: "more is wrong with it than is told here", line: 0, column: 0 };
  return [...problems.slice(0, playbookLimits.problems), more];
}

/** Reads a path that `formatPath` wrote. */
export function parsePath(field: string): readonly PropertyKey[] {
  return field
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** Writes a path as `steps[2].selector`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
