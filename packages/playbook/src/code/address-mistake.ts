import { splitTemplate } from "../placeholder.ts";
import type { CodeMistake } from "./code-mistake.ts";

/** What stands for each value while an address is looked at: a number, or a name. One of them fits wherever a value may stand. */
const samples = ["1", "a"];

/** Says why a written address is none of the web, whatever its values are; undefined where it begins with one. */
export function addressMistake(template: string): CodeMistake | undefined {
  const parts = splitTemplate(template);
  const [first] = parts;
  if (first === undefined || "name" in first) return undefined;
  const addresses = samples.map((sample) => parts.map((part) => ("text" in part ? part.text : sample)).join(""));
  const schemes = addresses.map((address) => URL.parse(address)?.protocol);
  if (schemes.includes("http:") || schemes.includes("https:")) return undefined;
  const isOfWeb = /^\s*https?:\/\//i.test(first.text);
  return { message: isOfWeb ? "is no address of the web" : "must begin with http:// or https://", at: 0 };
}
