import { isRole } from "@clew/playbook/schema/role";
import type { RecordedCandidate, Target } from "../interaction.ts";
import type { DevtoolsSelectors } from "./recording-schema.ts";

const roleOfTag: Readonly<Record<string, string>> = {
  a: "link",
  button: "button",
  select: "combobox",
  textarea: "textbox",
  summary: "button",
};
const roleOfInput: Readonly<Record<string, string>> = {
  submit: "button",
  button: "button",
  checkbox: "checkbox",
  radio: "radio",
  search: "searchbox",
};

/** Makes candidates of DevTools' selectors: what a person sees first, paths last. */
export function readSelectors(
  selectors: DevtoolsSelectors,
  { isField, element }: { readonly isField: boolean; readonly element: string },
): Target {
  const read = selectors.map((selector) => named([selector].flat()));
  const tag = tagOf(read);
  const found = read.flatMap((parts) => {
    const candidate = toCandidate(parts, tag, isField);
    return candidate === undefined ? [] : [candidate];
  });
  const ordered = found.map((candidate) => ({ candidate, rank: rank(candidate) })).sort((one, other) => one.rank - other.rank);
  // A tag alone would find the only one of any page.
  const telling = ordered.filter(({ candidate: { css } }) => css === undefined || !/^[a-z0-9-]+$/i.test(css));
  const distinct = new Map((telling.length > 0 ? telling : ordered).map(({ candidate }) => [JSON.stringify(candidate), candidate]));
  const label = found.map(({ name, label: own, text }) => name ?? own ?? text).find((words) => words !== undefined) ?? "";
  return { element, label: label.slice(0, 200), candidates: [...distinct.values()].slice(0, 4), frame: [] };
}

/** Leaves out what has no name at the end of a way, such as the text within a button. */
function named(parts: readonly string[]): readonly string[] {
  const at = parts.findLastIndex((part) => !/^aria\/\[role="[^"]*"\]$/.test(part));
  return at < 0 ? parts : parts.slice(0, at + 1);
}

/** Whether what is typed there is likely to be a secret. */
export function namesSecret(selectors: DevtoolsSelectors): boolean {
  return /passw|passcode|passwort|contrase|mot de passe|\bpwd\b|\bpin\b|secret|\bcvv\b|\bcvc\b|\botp\b|one-time/i.test(
    JSON.stringify(selectors),
  );
}

/** Whether the element is a list to choose from. */
export function namesList(selectors: DevtoolsSelectors): boolean {
  return tagOf(selectors.map((selector) => [selector].flat())).tag === "select";
}

interface Tag {
  readonly tag: string;
  readonly type: string;
}

/** The tag that a path ends with, where one says so. */
function tagOf(all: readonly (readonly string[])[]): Tag {
  for (const parts of all) {
    const last = parts.at(-1) ?? "";
    if (/^(?:aria|text)\//.test(last)) continue;
    const step =
      last
        .replace(/^(?:xpath\/+|pierce\/)/, "")
        .split(/[\s>/]+/)
        .at(-1) ?? "";
    const tag = /^[a-z][a-z0-9]*/.exec(step)?.[0] ?? "";
    if (tag !== "") return { tag, type: /\[@?type=['"]?(\w+)/.exec(step)?.[1] ?? "" };
  }
  return { tag: "", type: "" };
}

function toCandidate(parts: readonly string[], tag: Tag, isField: boolean): RecordedCandidate | undefined {
  const last = parts.at(-1) ?? "";
  if (last.startsWith("aria/")) return fromAria(last.slice(5), tag, isField);
  if (last.startsWith("text/")) return isField ? undefined : { text: last.slice(5), exact: true };
  if (last.startsWith("xpath/")) return parts.length === 1 ? { xpath: last.slice(6).replace(/^\/*/, "//") } : undefined;
  // Playwright's CSS looks through open shadow roots by itself, as does pierce.
  const css = parts.map((part) => part.replace(/^pierce\//, ""));
  if (css.some((part) => /^(?:aria|text|xpath)\//.test(part))) return undefined;
  const testId = /^\[data-testid=(['"])([^'"]+)\1\]$/.exec(last)?.[2];
  if (testId !== undefined && css.length === 1) return { test_id: testId };
  return css.length === 1 ? { css: last.replace(/^pierce\//, "") } : { selector: css.join(" >> ") };
}

function fromAria(words: string, { tag, type }: Tag, isField: boolean): RecordedCandidate | undefined {
  const attributes = [...words.matchAll(/\[(role|name)="((?:[^"\\]|\\.)*)"\]/g)];
  const given = (name: string) => attributes.find((match) => match[1] === name)?.[2];
  const name = given("name") ?? words.replace(/\[(?:role|name)="(?:[^"\\]|\\.)*"\]/g, "").trim();
  const role = given("role") ?? (tag === "input" ? roleOfInput[type] : roleOfTag[tag]);
  if (name === "") return undefined;
  if (isField && given("role") === undefined) return { label: name, exact: true };
  if (role !== undefined && role !== "generic" && isRole(role)) return { role, name, exact: true };
  return isField ? { label: name, exact: true } : { text: name, exact: true };
}

function rank(candidate: RecordedCandidate): number {
  const order = ["role", "label", "test_id", "css", "text", "selector", "xpath"];
  const isPath = candidate.css !== undefined && !/^[^\s>:]*[#[][^\s>:]*$/.test(candidate.css);
  return isPath ? order.indexOf("selector") : order.findIndex((way) => way in candidate);
}
