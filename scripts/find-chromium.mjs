// @ts-check
// Plain JavaScript for Node 18 and newer: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @typedef {{ path: string, source: "CLEW_CHROMIUM" | "playwright" | "system" }} Chromium */

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const applications = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The root folder of the project. */
const project = fileURLToPath(new URL("..", import.meta.url));

/** A setting names a Chromium that cannot be used. */
export class ChromiumSettingError extends Error {
  /** @override */
  name = "ChromiumSettingError";
}

/**
 * Finds a Chromium that starts: the one `CLEW_CHROMIUM` names, else Playwright's own, else the system's. What was found is remembered
 * under node_modules, so that the next look is one file read.
 *
 * @param {{ env?: NodeJS.ProcessEnv, root?: string }} [options] the environment, and the project's folder
 * @returns {Promise<Chromium | undefined>} undefined where there is none
 * @throws {ChromiumSettingError} where `CLEW_CHROMIUM` names something that does not start
 */
export async function findChromium({ env = process.env, root = project } = {}) {
  if (env.CLEW_CHROMIUM) {
    const remembered = recall(root);
    if (remembered?.path === env.CLEW_CHROMIUM && isExecutable(env.CLEW_CHROMIUM)) return remembered;
    if (!starts(env.CLEW_CHROMIUM))
      throw new ChromiumSettingError("CLEW_CHROMIUM does not name a Chromium that starts; correct it or unset it.");
    return { path: env.CLEW_CHROMIUM, source: "CLEW_CHROMIUM" };
  }
  const remembered = recall(root);
  if (remembered && isExecutable(remembered.path)) return remembered;
  const found = await look(env, root);
  if (found) remember(root, found);
  return found;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} root
 * @returns {Promise<Chromium | undefined>}
 */
async function look(env, root) {
  const own = await playwrightsOwn(root);
  if (own && starts(own)) return { path: own, source: "playwright" };
  for (const path of systems(env)) {
    if (starts(path)) return { path, source: "system" };
  }
  return undefined;
}

/**
 * Lists where a system keeps its Chromium, the likeliest first.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [platform]
 * @returns {string[]}
 */
export function systems(env, platform = process.platform) {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const inPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...inPath, ...(platform === "darwin" ? applications : [])].filter(isExecutable);
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

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @param {string} root */
const memory = (root) => join(root, "node_modules", ".clew-chromium.json");

/** @param {string} root @returns {Chromium | undefined} */
function recall(root) {
  try {
    const value = JSON.parse(readFileSync(memory(root), "utf8"));
    return typeof value?.path === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} root @param {Chromium} found */
function remember(root, found) {
  try {
    writeFileSync(memory(root), `${JSON.stringify(found)}\n`);
  } catch {
    // A folder that cannot be written, or none yet: it is looked for again the next time.
  }
}
