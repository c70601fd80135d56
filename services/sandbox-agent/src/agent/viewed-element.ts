import type { SnapshotNode } from "../observation/snapshot-tree.ts";

/** An element of a page, and what it stands in. */
export interface ViewedElement {
  readonly node: SnapshotNode;
  /** The outermost first. */
  readonly ancestors: readonly SnapshotNode[];
}

/** Goes through all nodes of a page, each before those in it. */
export function* walkNodes(nodes: readonly SnapshotNode[], ancestors: readonly SnapshotNode[] = []): Generator<ViewedElement> {
  for (const node of nodes) {
    yield { node, ancestors };
    yield* walkNodes(node.children, [...ancestors, node]);
  }
}
