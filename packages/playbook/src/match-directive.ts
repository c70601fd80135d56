/** A playbook that may be meant. */
export interface TaggedPlaybook {
  readonly id: string;
  readonly tags: readonly string[];
}

/** Which playbook a directive means: one, none, or several that fit as well as each other. */
export type DirectiveMatch =
  | { readonly kind: "one"; readonly id: string }
  | { readonly kind: "none" }
  | { readonly kind: "several"; readonly ids: readonly string[] };

/** Finds the playbook whose tags stand in a directive, in small letters or large: the one whose tags found there are the longest in sum. */
export function matchDirective(directive: string, playbooks: readonly TaggedPlaybook[]): DirectiveMatch {
  const text = directive.toLowerCase();
  const scores = playbooks.map(({ id, tags }) => {
    const found = new Set(tags.map((tag) => tag.toLowerCase()).filter((tag) => text.includes(tag)));
    return { id, score: [...found].reduce((sum, { length }) => sum + length, 0) };
  });
  const best = scores.reduce((most, { score }) => Math.max(most, score), 0);
  const [first, ...others] = scores.filter(({ score }) => score === best && score > 0).map(({ id }) => id);
  if (first === undefined) return { kind: "none" };
  return others.length === 0 ? { kind: "one", id: first } : { kind: "several", ids: [first, ...others] };
}
