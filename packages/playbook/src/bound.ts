/** A template with its values in place, or why a value cannot stand there. */
export type Bound = { readonly text: string } | { readonly problem: string };

/** Says that the value of `name` cannot stand where its placeholder does. The value is not echoed. */
export function unfit(name: string, why: string): Bound {
  return { problem: `the value of '${name}' ${why}` };
}
