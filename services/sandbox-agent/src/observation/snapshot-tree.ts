import type { Mask } from "./page-secrets.ts";

/** One element of a page as assistive technology knows it, or a text between elements. */
export interface SnapshotNode {
  readonly role: string;
  readonly name: string;
  /** The text that is all it holds: what a field holds, what a paragraph says. */
  readonly text: string;
  /** What its element is called while it stands, such as `e12`, or `f1e2` in a frame or after a navigation; empty for texts. */
  readonly ref: string;
  /** Its address, where it is a link. */
  readonly url: string;
  /** What else is to be said of it: `checked`, `level=2`, `placeholder="Name"`. */
  readonly marks: readonly string[];
  readonly children: readonly SnapshotNode[];
}

/** Roles whose text is what somebody entered. */
const fields: ReadonlySet<string> = new Set(["textbox", "searchbox", "spinbutton", "combobox", "slider"]);

/** What is said elsewhere, or to nobody's use. */
const unmarked: ReadonlySet<string> = new Set(["role", "name", "text", "ref", "url", "children", "box"]);

/** Elements that are clicked whatever their pointer looks like. */
const clickable: ReadonlySet<string> = new Set(["link", "button", "tab", "menuitem", "option", "checkbox", "radio", "switch"]);

/** Reads what Playwright's `ariaSnapshotJSON` answers, without secrets. What is no node, and wrappers that say nothing, are left out. */
export function parseSnapshot(json: unknown, mask: Mask): readonly SnapshotNode[] {
  return Array.isArray(json) ? json.flatMap((entry) => parseNode(entry, mask)).map(unwrap) : [];
}

/** Leaves out what frames show: where one of them did not say what to mask. */
export function withoutFrames(nodes: readonly SnapshotNode[]): readonly SnapshotNode[] {
  return nodes.map((node) => ({ ...node, children: node.role === "iframe" ? [] : withoutFrames(node.children) }));
}

/** How many lines a snapshot has. */
export function countNodes(nodes: readonly SnapshotNode[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + countNodes(children), 0);
}

function unwrap(node: SnapshotNode): SnapshotNode {
  const [only, ...others] = node.children;
  const isWrapper = node.role === "generic" && node.name === "" && node.text === "" && node.marks.length === 0;
  return isWrapper && only !== undefined && only.role !== "text" && others.length === 0 ? only : node;
}

function parseNode(entry: unknown, mask: Mask): SnapshotNode[] {
  if (typeof entry === "string") return [{ role: "text", name: "", text: mask.all(entry), ref: "", url: "", marks: [], children: [] }];
  if (typeof entry !== "object" || entry === null) return [];
  const given = new Map<string, unknown>(Object.entries(entry));
  const textOf = (name: string) => {
    const value = given.get(name);
    return typeof value === "string" ? value : "";
  };
  const role = textOf("role");
  return [
    {
      role,
      name: mask.all(textOf("name")),
      text: fields.has(role) ? mask.field(textOf("text")) : mask.all(textOf("text")),
      ref: textOf("ref"),
      url: mask.all(textOf("url")),
      marks: [...given].flatMap(([name, value]) => markOf(name, value, role, mask)),
      children: parseSnapshot(given.get("children"), mask),
    },
  ];
}

function markOf(name: string, value: unknown, role: string, mask: Mask): string[] {
  if (unmarked.has(name) || value === false) return [];
  if (name === "cursor") return clickable.has(role) ? [] : ["clickable"];
  if (value === true) return [name];
  if (typeof value === "number" || value === "mixed") return [`${name}=${value}`];
  return typeof value === "string" ? [`${name}=${JSON.stringify(mask.all(value))}`] : [];
}
