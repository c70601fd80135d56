import type { Violation } from "@clew/fault/fault";
import { shown } from "./unknown-name.ts";

/** A text, with the colon that makes it a name, or a sign that opens, closes or separates. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\],]/g;
/** After so many no more are looked for: a body can hold very many, each at the end of a very long path. */
const most = 20;

/** An object or a list that is open, and where in it the text is. */
interface Level {
  /** The names it had so far; none where it is a list. */
  readonly names: Set<string> | undefined;
  at: string | number;
}

/** Lists names that an object has twice: JSON.parse would take the last and say nothing. The text must be JSON. */
export function repeatedNames(json: string): Violation[] {
  const open: Level[] = [];
  const found: Violation[] = [];
  for (const token of json.matchAll(tokens)) {
    const [text, colon] = token;
    const level = open.at(-1);
    if (text === "{") open.push({ names: new Set(), at: "" });
    else if (text === "[") open.push({ names: undefined, at: 0 });
    else if (text === "}" || text === "]") open.pop();
    else if (text === "," && typeof level?.at === "number") level.at += 1;
    else if (colon !== undefined && level?.names !== undefined) {
      const name: string = JSON.parse(text.slice(0, -colon.length));
      level.at = name;
      if (!level.names.has(name)) level.names.add(name);
      else {
        const message = `is given more than once, again in ${placeOf(json, token.index)}`;
        found.push({ field: shown(pathOf(open)), rule: "duplicate", message });
        if (found.length === most) break;
      }
    }
  }
  return found;
}

function pathOf(open: readonly Level[]): string {
  return open.reduce((path, { at }) => (typeof at === "number" ? `${path}[${at}]` : path === "" ? at : `${path}.${at}`), "");
}

function placeOf(text: string, index: number): string {
  const before = text.slice(0, index).split("\n");
  return `line ${before.length} column ${(before.at(-1)?.length ?? 0) + 1}`;
}
