import type { SnapshotNode } from "./snapshot-tree.ts";

/** What stands in the place of a long text that nobody sees. */
export const unseenText = "[left out: a text that nobody sees]";

/** Shorter texts that nobody sees are there for those who listen. */
const leastChars = 80;

/** Leaves out of a page the long texts that a person would not see on it. */
export function withoutUnseen(nodes: readonly SnapshotNode[], unseen: readonly string[]): readonly SnapshotNode[] {
  if (unseen.length === 0) return nodes;
  const isUnseen = (text: string) => text.length >= leastChars && unseen.some((hidden) => hidden.includes(text) || text.includes(hidden));
  const shown = (text: string) => (isUnseen(text) ? unseenText : text);
  return nodes.map((node) => ({
    ...node,
    name: shown(node.name),
    text: shown(node.text),
    children: withoutUnseen(node.children, unseen),
  }));
}
