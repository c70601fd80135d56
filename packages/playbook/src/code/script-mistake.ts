// biome-ignore lint/style/noRestrictedImports: scripts are compiled, which is pure; none is run.
import { Script } from "node:vm";
import type { CodeMistake } from "./code-mistake.ts";

/** How the page's script is read: as the body of an async function, one line further down. */
const before = "(async (args) => {\n";
const after = "\n})";
const filename = "script";

/** Says why a script cannot run: compiled as a page would run it, never run. Undefined where nothing is wrong. */
export function scriptMistake(script: string): CodeMistake | undefined {
  try {
    new Script(`${before}${script}${after}`, { filename });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const at = placeIn(script, thrown.stack ?? "");
    const why = at === undefined ? "a bracket is missing, or one too many" : thrown.message;
    return { message: `is no JavaScript that can run: ${why}`, at: at ?? script.length };
  }
}

/** Where the error's stack points to: its first line names the line, its third has a caret under the sign. Undefined where that is behind the script. */
function placeIn(script: string, stack: string): number | undefined {
  const [head = "", , pointer = ""] = stack.split("\n");
  const lines = script.split("\n");
  const line = Number(/:(\d+)$/.exec(head)?.[1] ?? 2) - 2;
  if (line >= lines.length) return undefined;
  const begin = lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0);
  return Math.min(begin + Math.max(pointer.indexOf("^"), 0), script.length);
}
