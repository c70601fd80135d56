import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** Writes the environment by which a process that is given no other shares this one's compiled code; it is empty where this one keeps none. */
export function compileCacheEnvironment(): Readonly<Record<string, string>> {
  // Node names a folder in the one it was given, after its version and the user.
  const own = getCompileCacheDir();
  return own === undefined ? {} : { NODE_COMPILE_CACHE: dirname(own) };
}
