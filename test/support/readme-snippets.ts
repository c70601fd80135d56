import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const readme = fileURLToPath(new URL("../../README.md", import.meta.url));

/** The code blocks of the README that follow a `<!-- snippet: name -->`, by name. @throws Error for a name without a block, or given twice. */
export async function readSnippets(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(readme, "utf8");
  const snippets = new Map<string, string>();
  for (const { 1: name = "", index, 0: mark } of text.matchAll(/^<!-- snippet: (\S+) -->\n/gm)) {
    const block = /^```\w+\n([\s\S]*?\n)```$/m.exec(text.slice(index + mark.length));
    if (block?.index !== 0 || block[1] === undefined) throw new Error(`no code block follows the mark of ${name}`);
    if (snippets.has(name)) throw new Error(`two blocks are called ${name}`);
    snippets.set(name, block[1]);
  }
  return snippets;
}
