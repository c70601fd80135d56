import { sayNode } from "./say-node.ts";
import type { SnapshotNode } from "./snapshot-tree.ts";

/** One line of what is shown of a page. */
export interface Line {
  readonly depth: number;
  /** The place of the line it stands under; -1 where it stands alone. */
  readonly parent: number;
  /** Whether what is around it is worth seeing with it: a row, an entry of a list. */
  readonly isEntry: boolean;
  /** Whether it says this, whatever the case. */
  holds(text: string): boolean;
  /** What it says, in at most so many characters. */
  say(mostChars: number, around?: string): string;
}

const entries: ReadonlySet<string> = new Set(["row", "listitem", "option", "article", "group", "dialog"]);

/** Makes the lines of a snapshot, in the page's order. */
export function toLines(nodes: readonly SnapshotNode[]): Line[] {
  const lines: Line[] = [];
  addLines(lines, nodes, 0, -1);
  return lines;
}

function addLines(lines: Line[], nodes: readonly SnapshotNode[], depth: number, parent: number): void {
  for (const node of nodes) {
    const at = lines.push(lineOf(node, depth, parent)) - 1;
    addLines(lines, node.children, depth + 1, at);
  }
}

/** Makes the line of one node; it begins with `sign`. */
export function lineOf(node: SnapshotNode, depth: number, parent: number, sign = "-"): Line {
  return {
    depth,
    parent,
    isEntry: entries.has(node.role),
    holds: (text) => holdsText(node, text.toLowerCase()),
    say: (mostChars, around) => `${sign} ${sayNode(node, mostChars - sign.length - 1, around)}`,
  };
}

function holdsText({ role, name, text, url, marks, ref }: SnapshotNode, wanted: string): boolean {
  return [role, name, text, url, ref, ...marks].some((part) => part.toLowerCase().includes(wanted));
}
