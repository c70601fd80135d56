import type { SnapshotNode } from "./snapshot-tree.ts";

/** What is called a field, and what an action. */
const fieldRoles: ReadonlySet<string> = new Set([
  "textbox",
  "searchbox",
  "spinbutton",
  "combobox",
  "listbox",
  "checkbox",
  "radio",
  "switch",
  "slider",
]);
const actionRoles: ReadonlySet<string> = new Set(["button", "menuitem", "tab"]);
const tableRoles: ReadonlySet<string> = new Set(["table", "grid", "treegrid"]);
const cellRoles: ReadonlySet<string> = new Set(["cell", "gridcell", "columnheader", "rowheader"]);

/** Rows of a table, and characters of a line, that are shown. */
const mostRows = 10;
const mostLineChars = 200;
const navigationShare = 0.3;
const noteChars = 60;

/** A part of the map. */
interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * Draws a map of a page in at most `maxChars` characters: headings, where one is among many pages, fields, tables, actions and links; each thing with its
 * ref. Links in navigation come last and take 30 % at most.
 */
export function drawPageMap(nodes: readonly SnapshotNode[], maxChars: number): string {
  const all = [...walk(nodes, false)];
  const of = (isWanted: (node: SnapshotNode) => boolean) => all.filter(({ node }) => isWanted(node)).map(({ node }) => sayThing(node));
  const links = all.filter(({ node }) => node.role === "link");
  const linesOf = (inNavigation: boolean) =>
    unique(links.filter((link) => link.inNavigation === inNavigation).map(({ node }) => sayThing(node)));
  const sections: Section[] = [
    { title: "Headings", lines: of(({ role }) => role === "heading") },
    {
      title: "Pages",
      lines: all.map(({ node }) => textOf(node, false)).filter((text) => /^(?:page|seite)? ?\d+ (?:of|\/|von|–|-) ?\d+/i.test(text)),
    },
    { title: "Fields", lines: of(({ role }) => fieldRoles.has(role)) },
    ...all.filter(({ node }) => tableRoles.has(node.role)).map(({ node }) => sayTable(node)),
    { title: "Actions", lines: unique(of(({ role }) => actionRoles.has(role))) },
    { title: "Links", lines: linesOf(false) },
  ];
  const navigation: Section = { title: "Navigation", lines: linesOf(true) };
  const map = sections.reduce((text, section) => text + fit(section, maxChars - text.length), "");
  return (map + fit(navigation, Math.min(maxChars - map.length, maxChars * navigationShare))).trimEnd();
}

/** Every node, and whether it is for moving about. */
function* walk(
  nodes: readonly SnapshotNode[],
  within: boolean,
): Generator<{ readonly node: SnapshotNode; readonly inNavigation: boolean }> {
  for (const node of nodes) {
    const inNavigation = within || ["navigation", "banner", "contentinfo"].includes(node.role);
    yield { node, inNavigation };
    yield* walk(node.children, inNavigation);
  }
}

/** As many whole lines of a part as there is room for. */
function fit({ title, lines }: Section, room: number): string {
  const head = `--- ${title} ---\n`;
  if (lines.length === 0 || room < head.length + noteChars) return "";
  let text = head;
  for (const [at, line] of lines.entries()) {
    if (text.length + line.length + 1 + noteChars > room) return `${text}(${lines.length - at} of ${lines.length} not shown)\n`;
    text += `${line}\n`;
  }
  return text;
}

function sayThing(node: SnapshotNode): string {
  const name = node.name || textOf(node, false);
  const marks = [...node.marks.filter((mark) => mark !== "active"), `ref=${node.ref}`].map((mark) => ` [${mark}]`).join("");
  const held = fieldRoles.has(node.role) ? fieldText(node) : "";
  return cut(`${node.role} ${JSON.stringify(cut(name, 80))}${marks}${held}${node.url === "" ? "" : ` → ${node.url}`}`);
}

function fieldText({ text, children }: SnapshotNode): string {
  const chosen = children.filter(({ marks }) => marks.includes("selected")).map(({ name }) => name);
  const shown = text || chosen.join(", ");
  return shown === "" ? "" : `: ${JSON.stringify(cut(shown, 80))}`;
}

function sayTable(table: SnapshotNode): Section {
  const rows = [...walk(table.children, false)].map(({ node }) => node).filter(({ role }) => role === "row");
  const lines = rows.slice(0, mostRows + 1).map((row) => {
    const cells = row.children.filter(({ role }) => cellRoles.has(role));
    return cut(cells.map((cell) => JSON.stringify(cut(textOf(cell, true), 40))).join(" | "));
  });
  const more = rows.length - lines.length;
  const name = table.name === "" ? "Table" : `Table ${JSON.stringify(cut(table.name, 80))}`;
  return { title: `${name} [ref=${table.ref}]`, lines: more > 0 ? [...lines, `(${more} more rows)`] : lines };
}

/** What a node says, with all in it; addresses too, where they are wanted. */
function textOf(node: SnapshotNode, withUrls: boolean): string {
  const own = node.name || node.text;
  const inner = node.children.map((child) => textOf(child, withUrls)).join(" ");
  const url = withUrls && node.url !== "" ? ` → ${node.url}` : "";
  return `${own || inner}${own !== "" && withUrls ? (inner.match(/ → \S+/)?.[0] ?? "") : ""}${url}`.replace(/\s+/g, " ").trim();
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

function cut(text: string, most = mostLineChars): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
