import type { Redact } from "@clew/playbook/redact";
import { cut } from "./cut.ts";

/** The most characters of a label that messages show. */
const labelChars = 40;

/** An element as the page has it, secrets and all. */
export interface SeenElement {
  readonly role: string;
  readonly label: string;
  /** Why it cannot be acted on; empty where it can. */
  readonly state: "" | "hidden" | "disabled";
}

/** Calls elements what a person would, such as `button 'Save' (disabled)`. */
export function wordsOf(seen: readonly SeenElement[], redact: Redact): readonly string[] {
  return redact(seen).map(({ role, label, state }) => {
    const words = label === "" ? role : `${role} '${cut(label, labelChars)}'`;
    return state === "" ? words : `${words} (${state})`;
  });
}

/**
 * Runs in the page: what a person would call each element, of at most 400. Never what a field holds, and no text but that of what is there to be clicked
 * and of labels. Nothing is cut, since half a secret would not be found; a text of more than 1,000 characters is no label.
 */
export function nameElements(elements: Element[]): SeenElement[] {
  const roles: Record<string, string> = { a: "link", textarea: "field", select: "list", img: "picture", summary: "button" };
  const named = ["button", "link", "tab", "menuitem", "option", "checkbox", "radio", "switch", "heading"];
  const buttons = ["submit", "button", "reset", "image"];
  const squeeze = (text: string) => text.replace(/\s+/g, " ").trim();

  /** The text of a field's label, without that of fields within. */
  function labelText(element: Element): string {
    const label = "labels" in element ? (element.labels as NodeListOf<HTMLLabelElement> | null)?.[0] : undefined;
    if (label === undefined) return "";
    const copy = label.cloneNode(true) as HTMLElement;
    for (const field of copy.querySelectorAll("input, select, textarea, script, style")) field.remove();
    return squeeze(copy.textContent ?? "");
  }

  function roleOf(element: Element): string {
    const tag = element.tagName.toLowerCase();
    const type = element.getAttribute("type") ?? "";
    const own = element.getAttribute("role");
    if (own !== null) return own;
    if (tag === "input" && (type === "checkbox" || type === "radio")) return type;
    if (tag === "input") return buttons.includes(type) ? "button" : "field";
    return roles[tag] ?? tag;
  }

  function labelOf(element: Element, role: string): string {
    const attribute = (name: string) => squeeze(element.getAttribute(name) ?? "");
    const text = named.includes(role) ? squeeze(element.textContent ?? "") : "";
    const value = element instanceof HTMLInputElement && buttons.includes(element.type) ? squeeze(element.value) : "";
    const others = ["placeholder", "title", "alt", "name", "id"].map(attribute);
    const label = [attribute("aria-label"), text, value, labelText(element), ...others].find((words) => words !== "") ?? "";
    return label.length > 1_000 ? "" : label;
  }

  function stateOf(element: Element): SeenElement["state"] {
    const { width, height } = element.getBoundingClientRect();
    if (width === 0 || height === 0 || !element.checkVisibility({ visibilityProperty: true })) return "hidden";
    return element.matches(":disabled") || element.closest("[aria-disabled=true]") !== null ? "disabled" : "";
  }

  return elements.slice(0, 400).map((element) => {
    const role = roleOf(element);
    return { role, label: labelOf(element, role), state: stateOf(element) };
  });
}
