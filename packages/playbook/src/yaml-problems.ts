import { type Document, isAlias, isCollection, isMap, isPair, isScalar, type Node, visit, type YAMLMap, type YAMLParseError } from "yaml";
import { playbookLimits } from "./limits.ts";
import { formatPath, type PlaybookProblem, toldProblems } from "./problem.ts";
import type { SourcePositions } from "./source-position.ts";

/** What an author is to know of a mistake that the YAML library words for programmers. */
const sentences: Partial<Record<YAMLParseError["code"], string>> = {
  BLOCK_AS_IMPLICIT_KEY: "a text that holds ': ' must be in quotes",
  MULTIPLE_DOCS: "a playbook is one document; leave out what begins with ---",
  TAG_RESOLVE_FAILED: "there is no such tag (!) in a playbook; leave it out",
};

/** Says the mistakes of syntax in a YAML text, keys that are given twice or are no texts, aliases of nothing, too many of them, and tags that are none, in the text's order; as many as are told of a playbook. */
export function yamlProblems(
  document: Document<Node, boolean>,
  positions: SourcePositions,
  { mayBeTagged }: { readonly mayBeTagged: boolean },
): readonly PlaybookProblem[] {
  const odd = mayBeTagged ? [] : document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED");
  const found = [...document.errors, ...odd].map(
    ({ code, message, pos: [offset] }): FoundMistake => ({ message: sentences[code] ?? message, offset }),
  );
  // A text that cannot be read in whole has aliases of what was not read.
  const all = [...found, ...nodeMistakes(document, positions, found.length === 0)];
  const first = all.toSorted((one, other) => one.offset - other.offset).slice(0, playbookLimits.problems + 1);
  return toldProblems(
    first.map(({ field = [], message, offset }) => ({ field: formatPath(field), message, ...positions.ofOffset(offset) })),
  );
}

interface FoundMistake {
  readonly field?: readonly PropertyKey[];
  readonly message: string;
  /** Where it stands in the text. */
  readonly offset: number;
}

/** Finds in one walk what no node is wrong by itself in. */
function nodeMistakes(document: Document<Node, boolean>, positions: SourcePositions, areAliasesLooked: boolean): readonly FoundMistake[] {
  const mistakes: FoundMistake[] = [];
  let aliases = 0;
  const anchors = new Set<string>();
  visit(document, (_, node, ancestors) => {
    if (isAlias(node)) {
      aliases += 1;
      if (aliases === playbookLimits.aliases + 1)
        mistakes.push({ message: `there are more than ${playbookLimits.aliases} aliases (*)`, offset: node.range?.[0] ?? 0 });
      if (areAliasesLooked && !anchors.has(node.source))
        mistakes.push({ message: "there is no anchor (&) of this name before it", offset: node.range?.[0] ?? 0 });
    } else if (typeof node === "object" && node !== null && "anchor" in node && typeof node.anchor === "string") anchors.add(node.anchor);
    if (isMap(node)) mistakes.push(...wrongKeys(node, [...ancestors, node], positions));
    return mistakes.length > playbookLimits.problems ? visit.BREAK : undefined;
  });
  return mistakes;
}

/** Finds the keys of a mapping that stand there before, or are no texts; no more than are told. */
function wrongKeys(map: YAMLMap, nodes: readonly unknown[], positions: SourcePositions): readonly FoundMistake[] {
  const firsts = new Map<unknown, number>();
  const wrong: FoundMistake[] = [];
  for (const { key } of map.items) {
    if (wrong.length > playbookLimits.problems) break;
    if (isCollection(key) && key.range) wrong.push({ field: pathOf(nodes), message: "has a key that is no text", offset: key.range[0] });
    if (!isScalar(key) || !key.range) continue;
    const [offset] = key.range;
    const first = firsts.get(key.value);
    if (first === undefined) firsts.set(key.value, offset);
    else {
      const message = `is given more than once; the first is in line ${positions.ofOffset(first).line}`;
      wrong.push({ field: [...pathOf(nodes), String(key.value)], message, offset });
    }
  }
  return wrong;
}

/** The keys and places that lead to the last of some nodes, each of which holds the next. */
function pathOf(ancestors: readonly unknown[]): readonly PropertyKey[] {
  return ancestors.flatMap((node, index): PropertyKey[] => {
    if (isPair(node)) return [isScalar(node.key) ? String(node.key.value) : ""];
    const next = ancestors[index + 1];
    const at = typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items) ? node.items.indexOf(next) : -1;
    return at < 0 || isMap(node) ? [] : [at];
  });
}
