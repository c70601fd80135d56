import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";

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
  /** The text of the scalar at `path` as it is written; undefined where there is none. */
  textOf(path: readonly PropertyKey[]): string | undefined;
  /** Where the character at `offset` stands. */
  ofOffset(offset: number): SourcePosition;
}

/** Makes the finder for one document and the line counter it was parsed with. */
export function createSourcePositions(document: Document<Node, boolean>, lines: LineCounter): SourcePositions {
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
  return pairs.find((pair) => (isScalar(pair.key) ? pair.key.value : pair.key) === key);
}
