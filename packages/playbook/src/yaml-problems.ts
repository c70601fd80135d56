import { type Document, isAlias, isMap, isPair, isScalar, type Node, visit, type YAMLParseError } from "yaml";
import { formatPath, type PlaybookProblem } from "./problem.ts";
import type { SourcePositions } from "./source-position.ts";

/** What an author is to know of a mistake that the YAML library words for programmers. */
const sentences: Partial<Record<YAMLParseError["code"], string>> = {
  BLOCK_AS_IMPLICIT_KEY: "a text that holds ': ' must be in quotes",
  MULTIPLE_DOCS: "a playbook is one document; leave out what begins with ---",
};

/** Says each mistake of syntax in a YAML text, and aliases of nothing. */
export function yamlProblems(document: Document<Node, boolean>, positions: SourcePositions): readonly PlaybookProblem[] {
  if (document.errors.length === 0) return unknownAliases(document, positions);
  return document.errors.map(({ code, message, pos: [offset] }) => {
    const twice = code === "DUPLICATE_KEY" ? findTwice(document, offset, positions) : undefined;
    return { field: "", message: sentences[code] ?? message, ...twice, ...positions.ofOffset(offset) };
  });
}

/** Finds the key that stands at an offset, and the equal one before it. */
function findTwice(
  document: Document<Node, boolean>,
  offset: number,
  positions: SourcePositions,
): Pick<PlaybookProblem, "field" | "message"> | undefined {
  let found: Pick<PlaybookProblem, "field" | "message"> | undefined;
  visit(document, {
    Pair(_, { key }, ancestors) {
      const holder = ancestors.at(-1);
      if (!isScalar(key) || key.range?.[0] !== offset || !isMap(holder)) return undefined;
      const first = holder.items.find((pair) => isScalar(pair.key) && pair.key.value === key.value)?.key;
      const line = isScalar(first) && first.range ? positions.ofOffset(first.range[0]).line : 0;
      found = {
        field: formatPath([...pathOf([...ancestors, holder]), String(key.value)]),
        message: `is given more than once; the first is in line ${line}`,
      };
      return visit.BREAK;
    },
  });
  return found;
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

function unknownAliases(document: Document<Node, boolean>, positions: SourcePositions): readonly PlaybookProblem[] {
  const problems: PlaybookProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      if (!isAlias(alias) || alias.resolve(document) !== undefined) return;
      const place = alias.range ? positions.ofOffset(alias.range[0]) : { line: 0, column: 0 };
      problems.push({ field: "", message: "there is no anchor (&) of this name before it", ...place });
    },
  });
  return problems;
}
