import { splitTemplate } from "../placeholder.ts";
import type { CodeMistake } from "./code-mistake.ts";

const begins = ["http://", "https://"];

/** Says why a written address is none of the web, whatever values are put into it; undefined where it may be one. */
export function addressMistake(template: string): CodeMistake | undefined {
  const [first, ...others] = splitTemplate(template);
  if (first === undefined || "name" in first) return undefined;
  const written = first.text.trimStart().toLowerCase();
  // Of what goes on with a value, only the beginning is known.
  const may = begins.some((begin) => written.startsWith(begin) || (others.length > 0 && begin.startsWith(written)));
  if (!may) return { message: "must begin with http:// or https://", at: 0 };
  return others.length > 0 || URL.canParse(written) ? undefined : { message: "is no address of the web", at: 0 };
}
