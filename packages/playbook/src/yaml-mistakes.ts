import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  visit,
  YAMLMap,
  type YAMLParseError,
  type YAMLSeq,
  type YAMLWarning,
} from "yaml";
import { playbookLimits } from "./limits.ts";
import { formatPath, type PlaybookProblem, toldProblems } from "./problem.ts";
import type { SourcePositions } from "./source-position.ts";

/** What an author is to know of a mistake that the YAML library words for programmers. */
const sentences: Partial<Record<YAMLParseError["code"], string>> = {
  BLOCK_AS_IMPLICIT_KEY: "a text that holds ': ' must be in quotes",
  MULTIPLE_DOCS: "a playbook is one document; leave out what begins with ---",
  TAG_RESOLVE_FAILED: "there is no such tag (!) in a playbook; leave it out",
};

/** What is wrong with a text as YAML. */
export interface YamlMistakes {
  /** In the text's order; as many as are told of a playbook. */
  readonly problems: readonly PlaybookProblem[];
  /** Whether its content can be looked at all the same. */
  readonly isReadable: boolean;
}

/** Says the mistakes of syntax in a YAML text, keys that are given twice or are no texts, aliases of nothing, too many of them, merges of what is no mapping, and tags that are none. */
export function yamlMistakes(
  document: Document<Node, boolean>,
  positions: SourcePositions,
  { mayBeTagged }: { readonly mayBeTagged: boolean },
): YamlMistakes {
  const odd = mayBeTagged ? [] : document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED");
  const say = ({ code, message, pos: [offset] }: YAMLParseError | YAMLWarning): FoundMistake => ({
    message: sentences[code] ?? message,
    offset,
  });
  const errors = document.errors.map(say);
  // A text that cannot be read in whole has aliases of what was not read.
  const ofNodes = nodeMistakes(document, positions, errors.length === 0);
  const all = [...errors, ...odd.map(say), ...ofNodes];
  const first = all.toSorted((one, other) => one.offset - other.offset).slice(0, playbookLimits.problems + 1);
  return {
    problems: toldProblems(
      first.map(({ field = [], message, offset }) => ({ field: formatPath(field), message, ...positions.ofOffset(offset) })),
    ),
    isReadable: errors.length === 0 && ofNodes.every(({ isRepeated }) => isRepeated === true),
  };
}

interface FoundMistake {
  readonly field?: readonly PropertyKey[];
  readonly message: string;
  /** Where it stands in the text. */
  readonly offset: number;
  /** Whether it is only that a key is given again. */
  readonly isRepeated?: boolean;
}

/** Finds in one walk what no node is wrong by itself in. */
function nodeMistakes(document: Document<Node, boolean>, positions: SourcePositions, areAliasesLooked: boolean): readonly FoundMistake[] {
  const mistakes: FoundMistake[] = [];
  let aliases = 0;
  const anchors = new Map<string, Node>();
  const isMapping = mappingJudge(anchors);
  visit(document, (_, node, ancestors) => {
    if (isAlias(node)) {
      aliases += 1;
      if (areAliasesLooked && !anchors.has(node.source))
        mistakes.push({ message: "there is no anchor (&) of this name before it", offset: node.range?.[0] ?? 0 });
      if (aliases > playbookLimits.aliases) {
        mistakes.push({ message: `there are more than ${playbookLimits.aliases} aliases (*)`, offset: node.range?.[0] ?? 0 });
        return visit.BREAK;
      }
    } else if (isNode(node) && "anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, node);
    if (isMap(node)) mistakes.push(...wrongKeys(node, [...ancestors, node], positions));
    if (isPair(node) && isScalar(node.key) && node.key.source === "<<" && node.key.type === "PLAIN" && !isMapping(node.value))
      mistakes.push({ field: pathOf(ancestors), message: "merges (<<) what is no mapping", offset: node.key.range?.[0] ?? 0 });
    return mistakes.length > playbookLimits.problems ? visit.BREAK : undefined;
  });
  return mistakes;
}

/** Tells whether a value may be merged: a mapping, or a list of them. One that is named is looked at once; one whose name is not known yet may be. */
function mappingJudge(anchors: ReadonlyMap<string, Node>): (value: unknown) => boolean {
  const lists = new WeakMap<YAMLSeq, boolean>();
  const isOne = (value: unknown) => isMap(isAlias(value) ? (anchors.get(value.source) ?? emptyMap) : value);
  return (value) => {
    const merged = isAlias(value) ? anchors.get(value.source) : value;
    if (!isSeq(merged)) return isOne(value);
    const isRight = lists.get(merged) ?? merged.items.every(isOne);
    lists.set(merged, isRight);
    return isRight;
  };
}

const emptyMap = new YAMLMap();

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
      wrong.push({ field: [...pathOf(nodes), String(key.value)], message, offset, isRepeated: true });
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
