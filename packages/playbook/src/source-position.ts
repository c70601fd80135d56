import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, type Scalar } from "yaml";

/** A place in a text, counted from 1; 0 and 0 when unknown. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Finds places of a parsed YAML document by the paths schema errors name. */
export interface SourcePositions {
  /** Where the value at `path` stands, or what holds it where there is none. */
  ofValue(path: readonly PropertyKey[]): SourcePosition;
  /** Where the key `key` of the mapping at `path` stands. */
  ofKey(path: readonly PropertyKey[], key: string): SourcePosition;
  /** Where the character at `at` of the text at `path` stands: exactly where the text is written in one line or after a `|`, otherwise where it begins. */
  ofCharacter(path: readonly PropertyKey[], at: number): SourcePosition;
  /** The text of the scalar at `path` as it is written; undefined where there is none. */
  textOf(path: readonly PropertyKey[]): string | undefined;
  /** Where the character at `offset` stands. */
  ofOffset(offset: number): SourcePosition;
}

/** Makes the finder for one document, the text it was parsed from, and the line counter it was parsed with. */
export function createSourcePositions(document: Document<Node, boolean>, text: string, lines: LineCounter): SourcePositions {
  const ofOffset = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const ofNode = (node: unknown): SourcePosition | undefined => {
    const offset = isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
    return offset === undefined ? undefined : ofOffset(offset);
  };
  const follow = (path: readonly PropertyKey[]): { node: unknown; position: SourcePosition } => {
    let node: unknown = document.contents;
    let position = ofNode(node) ?? { line: 1, column: 1 };
    for (const part of path) {
      const collection: unknown = isAlias(node) ? node.resolve(document) : node;
      if (isMap(collection)) {
        const pair = pairOf(collection.items, part);
        if (pair === undefined) return { node: undefined, position };
        node = pair.value;
        position = ofNode(node) ?? ofNode(pair.key) ?? position;
      } else if (isSeq(collection) && typeof part === "number") {
        node = collection.items[part];
        position = ofNode(node) ?? position;
      } else {
        return { node: undefined, position };
      }
    }
    return { node, position };
  };
  return {
    ofValue: (path) => follow(path).position,
    ofCharacter(path, at) {
      const { node, position } = follow(path);
      return (isScalar(node) ? characterOf(node, text, at) : undefined) ?? position;
    },
    textOf(path) {
      const { node } = follow(path);
      const scalar: unknown = isAlias(node) ? node.resolve(document) : node;
      return isScalar(scalar) ? scalar.source : undefined;
    },
    ofKey(path, key) {
      const { node, position } = follow(path);
      const collection: unknown = isAlias(node) ? node.resolve(document) : node;
      const pair = isMap(collection) ? pairOf(collection.items, key) : undefined;
      return ofNode(pair?.key) ?? position;
    },
    ofOffset,
  };
}

function pairOf(pairs: readonly Pair<unknown, unknown>[], key: PropertyKey): Pair<unknown, unknown> | undefined {
  // Of those that are given twice the last one counts.
  return pairs.findLast(({ key: given }) => isScalar(given) && String(given.value ?? "") === key);
}

/** Where a character of a scalar stands in its text, as line and column; undefined where it is not written as it reads. */
function characterOf({ range, value, type }: Scalar, text: string, at: number): SourcePosition | undefined {
  if (!range || typeof value !== "string") return undefined;
  const linesBefore = text.slice(0, range[0]).split("\n");
  const [line, column] = [linesBefore.length, (linesBefore.at(-1)?.length ?? 0) + 1];
  const written = text.slice(range[0], range[1]);
  if (type !== "BLOCK_LITERAL") {
    const quote = type === "PLAIN" ? 0 : 1;
    return written.slice(quote, written.length - quote) === value ? { line, column: column + quote + at } : undefined;
  }
  const above = value.slice(0, at).split("\n");
  const wanted = value.split("\n")[above.length - 1] ?? "";
  const found = written.split("\n")[above.length] ?? "";
  const indent = found.length - wanted.length;
  return found.slice(indent) === wanted ? { line: line + above.length, column: indent + (above.at(-1)?.length ?? 0) + 1 } : undefined;
}
