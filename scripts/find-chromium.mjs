// @ts-check
// Plain JavaScript for Node 20 and newer: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { behindScript, chromiumPrograms, isExecutable, isHeadlessShell } from "../packages/process/src/chromium-programs.mjs";

/** @typedef {{ path: string, source: "CLEW_CHROMIUM" | "playwright" | "system" }} Chromium */

/** The root folder of the project. */
const project = fileURLToPath(new URL("..", import.meta.url));

/** A setting names a Chromium that cannot be used. */
export class ChromiumSettingError extends Error {
  /** @override */
  name = "ChromiumSettingError";
}

/**
 * Finds a Chromium that starts: the one `CLEW_CHROMIUM` names, else Playwright's own, else the system's; of each the headless shell first, unless
 * `CLEW_HEADED=1` asks for windows. What was found is remembered under node_modules: the next look starts no program.
 *
 * @param {{ env?: NodeJS.ProcessEnv, root?: string }} [options] the environment, and the project's folder
 * @returns {Promise<Chromium | undefined>} undefined where there is none
 * @throws {ChromiumSettingError} where `CLEW_CHROMIUM` names something that does not start, or shows no window where one is asked for
 */
export async function findChromium({ env = process.env, root = project } = {}) {
  const headed = env.CLEW_HEADED === "1";
  const remembered = recall(root, headed);
  if (env.CLEW_CHROMIUM) {
    if (headed && isHeadlessShell(env.CLEW_CHROMIUM))
      throw new ChromiumSettingError(
        "CLEW_CHROMIUM names a headless shell, which shows no window: name a whole Chromium, or unset CLEW_HEADED.",
      );
    const path = behindScript(env.CLEW_CHROMIUM);
    if (remembered?.path === path && isExecutable(path)) return remembered;
    if (!starts(path)) throw new ChromiumSettingError("CLEW_CHROMIUM does not name a Chromium that starts; correct it or unset it.");
    return { path, source: "CLEW_CHROMIUM" };
  }
  if (remembered && isExecutable(remembered.path) && (headed || isHeadlessShell(remembered.path) || !hasShell(env))) return remembered;
  const found = await look(env, root, headed);
  if (found) remember(root, headed, found);
  return found;
}

/** Whether a headless shell came to the system after a whole Chromium was found. @param {NodeJS.ProcessEnv} env */
const hasShell = (env) => chromiumPrograms(env).some(isHeadlessShell);

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
  for (const path of chromiumPrograms(env, { headed })) {
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

/** Says where Playwright keeps its own Chromium, whether it is there or not. @param {string} root @returns {Promise<string | undefined>} */
export async function playwrightsOwn(root) {
  try {
    const { chromium } = await import(pathToFileURL(join(root, "node_modules", "playwright-core", "index.mjs")).href);
    return chromium.executablePath();
  } catch {
    return undefined; // not installed yet, or no build for this platform
  }
}

/** Whether it starts: a build without its libraries, or a stub that points to a shop, does not. @param {string} path */
function starts(path) {
  if (!isExecutable(path)) return false;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 && /chrom/i.test(stdout);
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
