import type { Readable } from "node:stream";

/** Characters of a line that are looked at. */
const mostChars = 200;

/**
 * Resolves with what follows `ready ` in the first line that begins so, up to 200 characters in all. Whoever writes is not trusted: the rest is read, so that nobody waits for us,
 * and thrown away, however long its lines are.
 */
export function readyLine(output: Readable): Promise<string> {
  return new Promise((resolve) => {
    let line = "";
    output.setEncoding("utf8").on("data", (text: string) => {
      for (const [index, part] of text.split("\n").entries()) {
        if (index > 0) {
          if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
          line = "";
        }
        line += part.slice(0, mostChars - line.length);
      }
    });
  });
}
