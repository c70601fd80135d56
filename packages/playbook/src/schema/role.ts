import { z } from "zod";
import { playbookLimits } from "../limits.ts";
import { nearestOf } from "../nearest.ts";
import { namesIn } from "../placeholder.ts";

/** The roles by which elements are looked for: those of WAI-ARIA 1.2 that are no abstract ones. */
const roles: ReadonlySet<string> = new Set([
  ...["alert", "alertdialog", "application", "article", "banner", "blockquote", "button", "caption", "cell", "checkbox", "code"],
  ...["columnheader", "combobox", "complementary", "contentinfo", "definition", "deletion", "dialog", "directory", "document"],
  ...["emphasis", "feed", "figure", "form", "generic", "grid", "gridcell", "group", "heading", "img", "insertion", "link", "list"],
  ...["listbox", "listitem", "log", "main", "mark", "marquee", "math", "menu", "menubar", "menuitem", "menuitemcheckbox"],
  ...["menuitemradio", "meter", "navigation", "none", "note", "option", "paragraph", "presentation", "progressbar", "radio"],
  ...["radiogroup", "region", "row", "rowgroup", "rowheader", "scrollbar", "search", "searchbox", "separator", "slider"],
  ...["spinbutton", "status", "strong", "subscript", "superscript", "switch", "tab", "table", "tablist", "tabpanel", "term"],
  ...["textbox", "time", "timer", "toolbar", "tooltip", "tree", "treegrid", "treeitem"],
]);

/** Whether elements can be looked for by a role, in letters of any case. */
export function isRole(role: string): boolean {
  return roles.has(role.toLowerCase());
}

/** The role that one which there is not was most likely meant to be. */
export function nearestRole(role: string): string | undefined {
  return isRole(role) ? undefined : nearestOf(role.toLowerCase(), [...roles]);
}

/** A role, in letters of any case; or one that is known once its placeholders are. */
export const roleSchema = z
  .string()
  .min(1)
  .max(playbookLimits.selectorChars)
  .refine((role) => namesIn(role).length > 0 || isRole(role), "must be a role of ARIA, such as button, link, textbox, combobox or heading");
