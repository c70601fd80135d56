import { destructiveKinds } from "../../guardrails/destructive-click.ts";
import type { SnapshotNode } from "../../observation/snapshot-tree.ts";
import { unseenText } from "../../observation/without-unseen.ts";
import { accountWords } from "./account-words.ts";
import { asksForAll, namesOnlyWhatIsAsked } from "./directive-words.ts";
import { filterText } from "./filter-observation.ts";
import type { Scope } from "./scope.ts";
import { skeletonOf } from "./skeleton.ts";

/** A page's elements, as a model may see them. */
export interface BlindedNodes {
  readonly nodes: readonly SnapshotNode[];
  /** The names of what spoke to the agent and was redacted; each once. */
  readonly found: readonly string[];
}

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
const controlRoles: ReadonlySet<string> = new Set(["button", "link", "menuitem", "menuitemcheckbox", "menuitemradio", "tab", "option"]);

/** What is said in the place of an element that is no part of the work. */
const outOfScope = "out of scope";

/** Blinds what is no part of the work, and redacts what a page says to the agent. A blinded element has no ref: it cannot be named, and would be refused. */
export function blindNodes(nodes: readonly SnapshotNode[], scope: Scope): BlindedNodes {
  const found = new Set<string>();
  const clean = (text: string) => {
    if (text === "") return text;
    if (text === unseenText) found.add("unseen_text");
    const filtered = filterText(text);
    for (const name of filtered.found) found.add(name);
    return filtered.text;
  };
  const walk = (node: SnapshotNode): SnapshotNode => {
    if (isBlinded(node, scope)) return { ...node, name: "", text: "", url: "", ref: "", marks: [outOfScope], children: [] };
    const isField = fieldRoles.has(node.role) && scope.visibility.forms === "none";
    return {
      ...node,
      name: clean(node.name),
      text: clean(node.text),
      url: clean(node.url),
      ref: isField ? "" : node.ref,
      marks: [...node.marks.map(clean), ...(isField ? [outOfScope] : [])],
      children: node.children.map(walk),
    };
  };
  return { nodes: nodes.map(walk), found: [...found] };
}

/** Whether an element leads to what the work has nothing to do with. */
function isBlinded({ role, name, text, marks }: SnapshotNode, { visibility, asked }: Scope): boolean {
  if (!controlRoles.has(role) && !marks.includes("clickable")) return false;
  const label = skeletonOf(`${name} ${text}`).text;
  const kinds = destructiveKinds(label);
  if (kinds.length > 0 && !visibility.destructive) return true;
  const isAccount = accountWords.test(label);
  const endsAccount = isAccount && kinds.length > 0 && !asksForAll(kinds, asked);
  return endsAccount || (isAccount && !visibility.account && !namesOnlyWhatIsAsked([label], asked));
}
