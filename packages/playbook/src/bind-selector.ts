import type { Values } from "./bind-text.ts";
import { type Bound, unfit } from "./bound.ts";
import { splitTemplate } from "./placeholder.ts";

/** Where in a selector the reader stands. */
interface Place {
  /** The part's engine: css unless it says otherwise. */
  engine: "css" | "attributes" | "xpath" | "raw";
  /** The text of the part so far, from which its engine is read. */
  head: string;
  /** The quote that is open. */
  quote: string | undefined;
  /** The brackets that are open. */
  readonly brackets: string[];
}

/**
 * Puts values into a Playwright selector, escaped for where each stands: in a CSS or attribute string, as a CSS identifier, in an XPath string.
 * A value that no escape can make safe there (a quote in XPath, `>>` in an unquoted text selector) is a problem.
 */
export function bindSelector(template: string, values: Values): Bound {
  const place: Place = { engine: "css", head: "", quote: undefined, brackets: [] };
  let bound = "";
  for (const part of splitTemplate(template)) {
    if ("text" in part) {
      for (let at = 0; at < part.text.length; at++) at += advance(place, part.text, at);
      bound += part.text;
      continue;
    }
    const value = values.get(part.name);
    if (value === undefined) return unfit(part.name, "is missing");
    const escaped = escapeFor(place, value, bound);
    if (escaped === undefined)
      return unfit(part.name, "has characters that cannot stand there; put the placeholder in quotes, or in another kind of selector");
    bound += escaped;
    place.head += "x";
  }
  return { text: bound };
}

/** Reads one character of the template; answers how many more it took with it. */
function advance(place: Place, text: string, at: number): number {
  const char = text[at] ?? "";
  if (place.quote !== undefined) {
    if (char === "\\" && place.engine !== "xpath") return 1;
    if (char === place.quote) place.quote = undefined;
    return 0;
  }
  if (char === ">" && text[at + 1] === ">") {
    place.engine = "css";
    place.head = "";
    place.brackets.length = 0;
    return 1;
  }
  if (char === '"' || char === "'" || char === "`") place.quote = char;
  else if (char === "[" || char === "(") place.brackets.push(char);
  else if (char === "]" || char === ")") place.brackets.pop();
  place.head = (place.head + char).trimStart();
  place.engine = engineOf(place.head);
  return 0;
}

function engineOf(head: string): Place["engine"] {
  if (head.startsWith("//") || head.startsWith("..") || head.startsWith("(//")) return "xpath";
  const named = /^([A-Za-z0-9_:-]+)=/.exec(head)?.[1];
  if (named === undefined || named === "css" || named === "css:light") return "css";
  if (named === "xpath") return "xpath";
  return named === "role" || named.startsWith("internal:") || named.startsWith("_") ? "attributes" : "raw";
}

function escapeFor(place: Place, value: string, before: string): string | undefined {
  if (place.quote !== undefined && place.quote !== "`") {
    if (place.engine === "xpath") return value.includes(place.quote) ? undefined : value;
    if (place.engine === "css") return escapeCssString(value);
    if (place.engine === "raw" && value.includes(">>")) return undefined;
    return escapeQuoted(value, place.quote);
  }
  switch (place.engine) {
    case "css":
      // A number of its own, as in `:nth-child(2)`; elsewhere digits are a name, as in `:has(#2)`.
      if (place.brackets.at(-1) === "(" && /[(,+-]\s*$/.test(before) && /^\d+$/.test(value)) return value;
      return value === "" ? undefined : escapeCssIdentifier(value, /[A-Za-z0-9_-]$/.test(before));
    case "raw":
      return />>|["'`\\]|^\s*\/|^\s|\s$|^$/.test(value) ? undefined : value;
    default:
      return /^[A-Za-z0-9_-]+$/.test(value) ? value : undefined;
  }
}

function escapeCssString(value: string): string {
  return value.replace(/["'\\]/g, "\\$&").replace(/[\0-\x1f\x7f]/g, (char) => `\\${char.charCodeAt(0).toString(16)} `);
}

function escapeQuoted(value: string, quote: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
}

/** https://drafts.csswg.org/cssom/#serialize-an-identifier; a digit needs no escape where an identifier goes on. */
function escapeCssIdentifier(value: string, goesOn: boolean): string {
  return [...value]
    .map((char, index) => {
      if (/[\0-\x1f\x7f]/.test(char)) return `\\${char.charCodeAt(0).toString(16)} `;
      if (/\d/.test(char)) return goesOn || index > 0 ? char : `\\${char.charCodeAt(0).toString(16)} `;
      if (/[A-Za-z_-]/.test(char) || char >= "\u0080") return char;
      return `\\${char}`;
    })
    .join("");
}
