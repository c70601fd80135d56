import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Where `scripts/bundle-programs.mjs` lays bundles, below the project's folder: each under the path of its program. */
const folder = "node_modules/.cache/clew/programs";

/** The project's files that they were made of, each with when it was changed, in milliseconds. */
const madeOf = z.record(z.string(), z.number());

/**
 * Answers what finds a program of the project in `root` by its path: its bundle, of few files, which starts in half the time; or the program as it stands, where there are no
 * bundles, or where any of their code was changed since.
 */
export function findPrograms(root: string): (program: string) => string {
  return hasBundles(root) ? (program) => join(root, folder, program.replace(/\.ts$/, ".mjs")) : (program) => join(root, program);
}

function hasBundles(root: string): boolean {
  try {
    const files = Object.entries(madeOf.parse(JSON.parse(readFileSync(join(root, folder, "made-of.json"), "utf8"))));
    return files.every(([path, changed]) => statSync(join(root, path)).mtimeMs === changed);
  } catch {
    return false;
  }
}
