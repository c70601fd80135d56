import { type Line, lineOf } from "./lines.ts";
import { countNodes, type SnapshotNode } from "./snapshot-tree.ts";

/**
 * Makes the lines of what became another between two snapshots of a page: `+` came, `×` went, `~` says something else or has its parts in another
 * order, `-` only holds a change. What stayed is counted, with its neighbours that stayed, in one line. No line where nothing changed.
 */
export function diffSnapshots(before: readonly SnapshotNode[], after: readonly SnapshotNode[]): Line[] {
  const lines: Line[] = [];
  addChanges(lines, before, after, 0, -1);
  return lines;
}

/** Adds the changes among siblings; answers whether there are any. */
function addChanges(
  lines: Line[],
  before: readonly SnapshotNode[],
  after: readonly SnapshotNode[],
  depth: number,
  parent: number,
): boolean {
  const start = lines.length;
  const { earlier, gone } = pairUp(before, after);
  let unchanged = 0;
  let hasChanged = false;
  const sayUnchanged = () => {
    if (unchanged > 0) lines.push(countLine(unchanged, depth, parent));
    unchanged = 0;
  };
  for (const node of after) {
    const was = earlier.get(node);
    const rest = { length: lines.length, unchanged };
    sayUnchanged();
    if (was === undefined) {
      addAll(lines, node, depth, parent);
      hasChanged = true;
      continue;
    }
    const isAnother = !saysSame(was, node) || isReordered(was.children, node.children);
    const at = lines.push(lineOf(node, depth, parent, isAnother ? "~" : "-")) - 1;
    if (addChanges(lines, was.children, node.children, depth + 1, at) || isAnother) hasChanged = true;
    else {
      lines.length = rest.length;
      unchanged = rest.unchanged + 1;
    }
  }
  if (!hasChanged && gone.length === 0) {
    lines.length = start;
    return false;
  }
  sayUnchanged();
  for (const node of gone) lines.push(lineOf(withSize(node), depth, parent, "×"));
  return true;
}

function addAll(lines: Line[], node: SnapshotNode, depth: number, parent: number): void {
  const at = lines.push(lineOf(node, depth, parent, "+")) - 1;
  for (const child of node.children) addAll(lines, child, depth + 1, at);
}

/**
 * Finds which siblings are the same as before: by their ref; without one, by all they say; or by their place, where there are as many of their role as
 * before, since an element whose name changes gets another ref.
 */
function pairUp(before: readonly SnapshotNode[], after: readonly SnapshotNode[]) {
  const earlier = new Map<SnapshotNode, SnapshotNode>();
  const gone = new Set(before);
  const pair = (was: SnapshotNode | undefined, node: SnapshotNode) => {
    if (was === undefined || earlier.has(node) || !gone.delete(was)) return;
    earlier.set(node, was);
  };
  const byIdentity = Map.groupBy(before, identityOf);
  for (const node of after) pair(byIdentity.get(identityOf(node))?.shift(), node);
  const oldByRole = Map.groupBy(before, ({ role }) => role);
  for (const [role, nodes] of Map.groupBy(after, (node) => node.role)) {
    const old = oldByRole.get(role) ?? [];
    if (old.length === nodes.length) for (const [at, node] of nodes.entries()) pair(old[at], node);
  }
  return { earlier, gone: [...gone] };
}

function identityOf(node: SnapshotNode): string {
  return node.ref === "" ? said(node) : node.ref;
}

function saysSame(one: SnapshotNode, other: SnapshotNode): boolean {
  return said(one) === said(other);
}

function said({ role, name, text, url, marks }: SnapshotNode): string {
  return JSON.stringify([role, name, text, url, marks]);
}

function isReordered(before: readonly SnapshotNode[], after: readonly SnapshotNode[]): boolean {
  const { earlier } = pairUp(before, after);
  const places = new Map(before.map((node, at) => [node, at]));
  const order = after.flatMap((node) => places.get(earlier.get(node) ?? node) ?? []);
  return order.some((place, at) => place < (order[at - 1] ?? 0));
}

function withSize(node: SnapshotNode): SnapshotNode {
  const inside = countNodes(node.children);
  return inside === 0 ? node : { ...node, marks: [...node.marks, `${inside} lines in it`] };
}

function countLine(unchanged: number, depth: number, parent: number): Line {
  return { depth, parent, isEntry: false, holds: () => false, say: () => `(${unchanged} unchanged)` };
}
