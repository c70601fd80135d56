/** A bug that somebody really had, as a change of the present code. */
export interface Mutant {
  /** The name of its patch. */
  readonly name: string;
  /** The bug it is. */
  readonly recreates: string;
  /** What it breaks here. */
  readonly breaks: string;
  /** Why it is not the very same bug. */
  readonly adapted: string | undefined;
  /** What should catch it, narrowest first: files of tests, or `simulate` with its arguments. */
  readonly tests: readonly string[];
}

/** Reads the header of a patch: `Recreates`, `Breaks`, `Adapted` where it is, and one or more `Tests`. @throws Error naming what is missing. */
export function readMutant(name: string, patch: string): Mutant {
  const header = patch.slice(0, patch.indexOf("\ndiff "));
  const all = (field: string) =>
    header.split("\n").flatMap((line) => (line.startsWith(`${field}: `) ? [line.slice(field.length + 2)] : []));
  const one = (field: string) => {
    const [value] = all(field);
    if (value === undefined) throw new Error(`${name}: the patch does not say '${field}: …'.`);
    return value;
  };
  one("Tests");
  return { name, recreates: one("Recreates"), breaks: one("Breaks"), adapted: all("Adapted")[0], tests: all("Tests") };
}
