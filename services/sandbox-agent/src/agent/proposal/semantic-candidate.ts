import type { SnapshotNode } from "../../observation/snapshot-tree.ts";
import { type ViewedElement, walkNodes } from "../viewed-element.ts";

/** A candidate as an author writes it. */
export type WrittenCandidate = Readonly<Record<string, unknown>>;

/** Roles that no element is looked for by. */
const namelessRoles: ReadonlySet<string> = new Set(["generic", "text", "none", "presentation", "iframe", ""]);

/** Elements that are told apart by what stands in them. */
const entryRoles: ReadonlySet<string> = new Set(["row", "listitem", "article", "group", "treeitem"]);

const cellRoles: ReadonlySet<string> = new Set(["cell", "gridcell", "rowheader"]);

/** Elements that are told apart by their names. */
const placeRoles: ReadonlySet<string> = new Set([
  "dialog",
  "alertdialog",
  "form",
  "region",
  "navigation",
  "table",
  "grid",
  "search",
  "main",
  "banner",
  "contentinfo",
  "complementary",
  "tabpanel",
]);

const mostNameChars = 120;

/**
 * Finds words by which an element of a page can be found again, on this page and on others like it: its role and name, where they are its alone, within the row or
 * the part of the page that they are alone in; or its placeholder, or its text. Undefined where it has none, or stands in a frame.
 */
export function candidateOf({ node, ancestors }: ViewedElement, nodes: readonly SnapshotNode[]): WrittenCandidate | undefined {
  if (ancestors.some(({ role }) => role === "iframe")) return undefined;
  const own = ownCandidate(node);
  if (own === undefined) return undefined;
  if (countIn(nodes, own) === 1) return own.written;
  for (const outer of ancestors.toReversed()) {
    if (countIn(outer.children, own) !== 1) continue;
    const within = outerCandidate(outer, nodes, own);
    if (within !== undefined) return { ...own.written, within };
  }
  return undefined;
}

/** A way to look, and what it finds. */
interface Way {
  readonly written: WrittenCandidate;
  readonly finds: (node: SnapshotNode) => boolean;
}

function ownCandidate(node: SnapshotNode): Way | undefined {
  const { role, name, text } = node;
  if (isWord(name) && !namelessRoles.has(role))
    return { written: { role, name, exact: true }, finds: (other) => other.role === role && other.name === name };
  const placeholder = placeholderOf(node);
  if (isWord(placeholder)) return { written: { placeholder, exact: true }, finds: (other) => placeholderOf(other) === placeholder };
  if (isWord(text) && role !== "textbox" && node.children.length === 0)
    return { written: { text, exact: true }, finds: (other) => other.text === text || other.name === text };
  return undefined;
}

function outerCandidate(outer: SnapshotNode, nodes: readonly SnapshotNode[], own: Way): WrittenCandidate | undefined {
  const { role, name } = outer;
  if (entryRoles.has(role)) {
    const peers = [...walkNodes(nodes)].map(({ node }) => node).filter((node) => node.role === role);
    const isAlone = (words: string) => peers.filter((peer) => allText(peer).includes(words.toLowerCase())).length === 1;
    const leaf = leavesIn(outer.children, own).find((each) => isWord(wordsOf(each)) && isAlone(wordsOf(each)));
    if (leaf === undefined) return undefined;
    // Cells stand side by side without a space: whole words are looked for in each of them.
    if (cellRoles.has(leaf.role)) return { selector: `:is(tr, [role=row]):has(:text-is(${JSON.stringify(wordsOf(leaf))}))` };
    return { role, has_text: wordsOf(leaf) };
  }
  if (!placeRoles.has(role)) return undefined;
  const isAlone = [...walkNodes(nodes)].filter(({ node }) => node.role === role && node.name === name).length === 1;
  if (!isAlone) return undefined;
  return isWord(name) ? { role, name, exact: true } : undefined;
}

/** What stands in an element besides what is looked for in it, the first first. */
function leavesIn(nodes: readonly SnapshotNode[], own: Way): SnapshotNode[] {
  return [...walkNodes(nodes)].map(({ node }) => node).filter((node) => node.children.length === 0 && !own.finds(node));
}

function wordsOf({ name, text }: SnapshotNode): string {
  return (text || name).trim();
}

function allText(node: SnapshotNode): string {
  return [...walkNodes([node])]
    .map((each) => `${each.node.name} ${each.node.text}`)
    .join(" ")
    .toLowerCase();
}

function countIn(nodes: readonly SnapshotNode[], { finds }: Way): number {
  return [...walkNodes(nodes)].filter(({ node }) => finds(node)).length;
}

function placeholderOf({ marks }: SnapshotNode): string {
  const written = marks.map((mark) => /^placeholder=(".*")$/.exec(mark)?.[1]).find((found) => found !== undefined);
  return written === undefined ? "" : String(JSON.parse(written));
}

/** Whether a text can be looked for: what was masked or left out cannot. */
function isWord(text: string): boolean {
  return text.trim() !== "" && text.length <= mostNameChars && !/\[(?:redacted|left out)|█/.test(text);
}
