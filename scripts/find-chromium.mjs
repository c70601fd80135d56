// @ts-check
// Plain JavaScript for Node 18 and newer: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @typedef {{ path: string, source: "CLEW_CHROMIUM" | "playwright" | "system" }} Chromium */

const wholes = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/** Without any code for windows: it starts in a quarter of the time, and is what Playwright itself runs where none is shown. */
const shells = ["chromium-headless-shell", "chrome-headless-shell"];
const applications = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The root folder of the project. */
const project = fileURLToPath(new URL("..", import.meta.url));

/** A setting names a Chromium that cannot be used. */
export class ChromiumSettingError extends Error {
  /** @override */
  name = "ChromiumSettingError";
}

/** Whether a program is a Chromium that can show no window. @param {string} path */
export const isHeadlessShell = (path) => /headless[-_]shell/.test(basename(path));

/**
 * Finds a Chromium that starts: the one `CLEW_CHROMIUM` names, else Playwright's own, else the system's; of each the headless shell first, unless
 * `CLEW_HEADED=1` asks for windows. What was found is remembered under node_modules, so that the next look is one file read.
 *
 * @param {{ env?: NodeJS.ProcessEnv, root?: string, again?: boolean }} [options] the environment, the project's folder, and whether to look though one is remembered
 * @returns {Promise<Chromium | undefined>} undefined where there is none
 * @throws {ChromiumSettingError} where `CLEW_CHROMIUM` names something that does not start, or shows no window where one is asked for
 */
export async function findChromium({ env = process.env, root = project, again = false } = {}) {
  const headed = env.CLEW_HEADED === "1";
  const remembered = again ? undefined : recall(root, headed);
  if (env.CLEW_CHROMIUM) {
    if (headed && isHeadlessShell(env.CLEW_CHROMIUM))
      throw new ChromiumSettingError(
        "CLEW_CHROMIUM names a headless shell, which shows no window: name a whole Chromium, or unset CLEW_HEADED.",
      );
    if (remembered?.path === env.CLEW_CHROMIUM && isExecutable(env.CLEW_CHROMIUM)) return remembered;
    if (!starts(env.CLEW_CHROMIUM))
      throw new ChromiumSettingError("CLEW_CHROMIUM does not name a Chromium that starts; correct it or unset it.");
    return { path: env.CLEW_CHROMIUM, source: "CLEW_CHROMIUM" };
  }
  if (remembered && isExecutable(remembered.path)) return remembered;
  const found = await look(env, root, headed);
  if (found) remember(root, headed, found);
  return found;
}

/** Whether one was found before, and is still there. @param {string} root @param {NodeJS.ProcessEnv} env */
export function isRemembered(root, env) {
  const remembered = recall(root, env.CLEW_HEADED === "1");
  return remembered !== undefined && isExecutable(remembered.path);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} root
 * @param {boolean} headed
 * @returns {Promise<Chromium | undefined>}
 */
async function look(env, root, headed) {
  const whole = await playwrightsOwn(root);
  for (const path of whole === undefined ? [] : [...(headed ? [] : shellsBeside(whole)), whole]) {
    if (starts(path)) return { path, source: "playwright" };
  }
  for (const path of systems(env, { headed })) {
    if (starts(path)) return { path, source: "system" };
  }
  return undefined;
}

/** Playwright keeps the headless shell of a build in a folder beside it. @param {string} whole @returns {string[]} */
function shellsBeside(whole) {
  const folder = whole.replace(/([/\\])chromium-(\d+)[/\\].*$/, "$1chromium_headless_shell-$2");
  try {
    const within = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return within.filter((name) => /^(chrome-)?headless[-_]shell(\.exe)?$/.test(basename(name))).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * Lists where a system keeps its Chromium, the best first.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {{ headed?: boolean, platform?: string }} [options]
 * @returns {string[]}
 */
export function systems(env, { headed = false, platform = process.platform } = {}) {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const names = headed ? wholes : [...shells, ...wholes];
  const inPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...inPath.map(behindScript), ...(platform === "darwin" ? applications : [])].filter(isExecutable);
}

/** Says where Playwright keeps its own Chromium, whether it is there or not. @param {string} root @returns {Promise<string | undefined>} */
export async function playwrightsOwn(root) {
  try {
    const { chromium } = await import(pathToFileURL(join(root, "node_modules", "playwright-core", "index.mjs")).href);
    return chromium.executablePath();
  } catch {
    return undefined; // not installed yet, or no build for this platform
  }
}

/** Debian's headless shell in the path is a script that stays the browser's parent: to kill it is not to kill the browser. @param {string} path */
function behindScript(path) {
  const program = join(dirname(dirname(path)), "lib", "chromium", basename(path));
  return isHeadlessShell(path) && isExecutable(program) ? program : path;
}

/** Whether it starts: a build without its libraries, or a stub that points to a shop, does not. @param {string} path */
function starts(path) {
  if (!isExecutable(path)) return false;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 && /chrom/i.test(stdout);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @param {string} root @param {boolean} headed */
const memory = (root, headed) => join(root, "node_modules", headed ? ".clew-chromium-headed.json" : ".clew-chromium.json");

/** @param {string} root @param {boolean} headed @returns {Chromium | undefined} */
function recall(root, headed) {
  try {
    const value = JSON.parse(readFileSync(memory(root, headed), "utf8"));
    return typeof value?.path === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} root @param {boolean} headed @param {Chromium} found */
function remember(root, headed, found) {
  try {
    writeFileSync(memory(root, headed), `${JSON.stringify(found)}\n`);
  } catch {
    // A folder that cannot be written, or none yet: it is looked for again the next time.
  }
}
