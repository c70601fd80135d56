import type { Redact } from "@clew/playbook/redact";
import type { Locator, Page } from "playwright";
import { untraced } from "../browser/untraced.ts";
import { diffSnapshots } from "./diff-snapshot.ts";
import { fitLines, leastChars } from "./fit-lines.ts";
import { toLines } from "./lines.ts";
import { createMask, type Mask, readPasswords } from "./page-secrets.ts";
import { type ReadOptions, readOne } from "./reader.ts";
import { parseSnapshot, type SnapshotNode, withoutFrames } from "./snapshot-tree.ts";
import { withoutUnseen } from "./without-unseen.ts";

/** How much of a page is looked at. */
export interface ObserveOptions extends ReadOptions {
  /** The most characters of the answer; 200 at least. */
  readonly maxChars: number;
  /** How deep the page is looked into; all of it unless given. */
  readonly depth?: number | undefined;
  /** Only lines that hold this text, whatever its case, and what they stand in. */
  readonly find?: string | undefined;
  /** Only what changed since the page was last observed as a whole. */
  readonly changes?: boolean | undefined;
  /** The only part that is looked at; the whole page unless given. */
  readonly within?: Locator | undefined;
  /** Leaves out what is not to be seen; nothing unless given. */
  readonly filterNodes?: ((nodes: readonly SnapshotNode[]) => readonly SnapshotNode[]) | undefined;
  readonly redact: Redact;
}

/** What was seen of a page; without secrets. */
export interface Observation {
  /** The page's title and address, then its elements, one a line. */
  readonly text: string;
  /** How many lines are shown, of how many there are. */
  readonly shown: number;
  readonly total: number;
}

/** What was last seen of a page: it goes when the page goes. */
const lastSeen = new WeakMap<Page, readonly SnapshotNode[]>();

/** The page's title and address take no more than this part of a budget. */
const headShare = 0.25;

/** Looks at a page: what assistive technology knows of it, in all its frames, with refs that stay while an element stays; within a budget of characters. */
export async function observe(page: Page, options: ObserveOptions): Promise<Observation> {
  const { find, changes, within } = options;
  const maxChars = Math.max(options.maxChars, leastChars);
  const [{ nodes, mask }, title] = await Promise.all([readSnapshot(page, options), untraced(page, () => page.title())]);
  const isWhole = within === undefined && options.depth === undefined;
  const before = isWhole ? lastSeen.get(page) : undefined;
  if (isWhole) lastSeen.set(page, nodes);
  const lines = changes === true && before !== undefined ? diffSnapshots(before, nodes) : toLines(nodes);
  const head = cutEnd(`page ${JSON.stringify(mask.all(title))} ${mask.all(page.url())}`, maxChars * headShare);
  if (lines.length === 0) return { text: `${head}\n${changes === true ? "[Nothing changed]" : "[The page is empty]"}`, shown: 0, total: 0 };
  const { text, shown, total } = fitLines(lines, maxChars - head.length - 1, find);
  return { text: `${head}\n${text}`, shown, total };
}

/** Reads a page, or a part of it, as a tree without secrets, and with it what masks them elsewhere on the page. */
export async function readSnapshot(
  page: Page,
  {
    depth,
    within,
    filterNodes,
    redact,
    timeout,
    signal,
    isTraced = false,
  }: Pick<ObserveOptions, "depth" | "within" | "filterNodes" | "redact" | keyof ReadOptions>,
): Promise<{ readonly nodes: readonly SnapshotNode[]; readonly mask: Mask }> {
  const options = { mode: "ai", ...(depth !== undefined && { depth }), timeout, signal } as const;
  // Passwords are read on both sides, since a field may come or go meanwhile.
  const read = () =>
    Promise.all([readPasswords(page, { timeout, signal }), within ? readOne(within, "passwords", { timeout, signal }) : []]);
  const readTree = () => (within ?? page).ariaSnapshotJSON(options);
  // Only who filters minds what a person would not see.
  const readUnseen = filterNodes === undefined ? [] : readOne(page.locator(":root"), "unseen", { timeout, signal });
  const [[before, own], json, unseen] = await Promise.all([read(), isTraced ? readTree() : untraced(page, readTree), readUnseen]);
  const [after, ownAfter] = await read();
  const mask = createMask([...before.values, ...own, ...after.values, ...ownAfter], redact);
  const nodes = parseSnapshot(json, mask);
  const known = before.hasSilentFrame || after.hasSilentFrame ? withoutFrames(nodes) : nodes;
  return { nodes: filterNodes?.(withoutUnseen(known, mask.all(unseen))) ?? known, mask };
}

function cutEnd(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
