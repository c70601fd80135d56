// @ts-check
// Where a system keeps its Chromium. Plain JavaScript for Node 20 and newer: setting up reads it before anything is installed.
import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";

/** Without any code for windows: it starts in a quarter of the time, and is what Playwright itself runs where none is shown. */
const shells = ["chromium-headless-shell", "chrome-headless-shell"];
const wholes = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const applications = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/**
 * Lists the Chromiums of a system, the best first.
 *
 * @param {Readonly<Record<string, string | undefined>>} env has the `PATH` to look in
 * @param {{ headed?: boolean, platform?: string }} [options] `headed`: only those that can show a window
 * @returns {string[]} their paths
 */
export function chromiumPrograms(env, { headed = false, platform = process.platform } = {}) {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const names = headed ? wholes : [...shells, ...wholes];
  const inPath = names.flatMap((name) => folders.map((folder) => behindScript(join(folder, name))));
  return [...inPath, ...(platform === "darwin" ? applications : [])].filter(isExecutable);
}

/** Whether a program is a Chromium that can show no window. @param {string} path @returns {boolean} */
export const isHeadlessShell = (path) => /headless[-_]shell/.test(basename(path));

/** Debian's headless shell in the path is a script that stays the browser's parent: to kill it is not to kill the browser. @param {string} path @returns {string} */
export function behindScript(path) {
  const program = join(dirname(dirname(path)), "lib", "chromium", basename(path));
  return isHeadlessShell(path) && isExecutable(program) ? program : path;
}

/** @param {string} path @returns {boolean} */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
