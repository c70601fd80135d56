import { isObject } from "./json-object.ts";

const around = 40;

/** Says where two requests begin to differ, and how. */
export function explainMismatch(recorded: unknown, asked: unknown, path = "request"): string {
  if (typeof recorded === "string" && typeof asked === "string") {
    let at = 0;
    while (at < recorded.length && recorded[at] === asked[at]) at += 1;
    return `${path}: recorded ${excerpt(recorded, at)}, asked ${excerpt(asked, at)}`;
  }
  if (Array.isArray(recorded) && Array.isArray(asked)) {
    const at = recorded.findIndex((item, index) => !isSame(item, asked[index]));
    if (at >= 0 && at < asked.length) return explainMismatch(recorded[at], asked[at], `${path}[${at}]`);
    return `${path}: recorded ${recorded.length} entries, asked ${asked.length}`;
  }
  if (isObject(recorded) && isObject(asked)) {
    const name = Object.keys({ ...recorded, ...asked }).find((key) => !isSame(recorded[key], asked[key]));
    if (name !== undefined) return explainMismatch(recorded[name], asked[name], `${path}.${name}`);
  }
  return `${path}: recorded ${excerpt(said(recorded), 0)}, asked ${excerpt(said(asked), 0)}`;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function said(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - around / 2);
  const cut = text.slice(from, from + around + around / 2);
  return JSON.stringify(`${from > 0 ? "…" : ""}${cut}${from + cut.length < text.length ? "…" : ""}`);
}
