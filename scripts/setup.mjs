// @ts-check
// Plain JavaScript for Node 20 and newer: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { isHeadlessShell } from "../packages/process/src/chromium-programs.mjs";
import { findChromium, playwrightsOwn } from "./find-chromium.mjs";

/** @typedef {import("./find-chromium.mjs").Chromium} Chromium */
/** @typedef {Record<string, { version?: string, resolved?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }>} Packages */

/**
 * What setting up does to the world; a test gives its own.
 *
 * @typedef {object} Hands
 * @property {(command: string[], env?: NodeJS.ProcessEnv) => boolean} run runs a command in the project's folder; whether it went well
 * @property {(question: string) => Promise<boolean>} confirm asks a person
 * @property {(line: string) => void} say
 * @property {boolean} isRoot
 */

/** Setting up cannot go on; its message says what to do. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/**
 * Installs what the project needs: its packages, its own Node, and a Chromium where there is none. Does nothing, without network, where all is there.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, yes: boolean, hands?: Partial<Hands> }} options `yes`: reach outside the folder without asking
 * @returns {Promise<Chromium>} the Chromium to use
 * @throws {SetupError}
 */
export async function setUp({ root, env, yes, hands: given }) {
  const hands = { ...realHands(root, env), ...given };
  installPackages(root, env, hands);
  const found = await findChromium({ env, root });
  if (found === undefined) return await installChromium(root, env, yes, hands);
  return found.source === "system" ? await orItsShell(found, { root, env, yes, hands }) : found;
}

/**
 * Has root install the headless shell of the system's Chromium, where apt has it and windows are not asked for. Tried once for each node_modules.
 *
 * @param {Chromium} found
 * @param {{ root: string, env: NodeJS.ProcessEnv, yes: boolean, hands: Hands }} options
 * @returns {Promise<Chromium>} the shell, or what was found before
 */
async function orItsShell(found, { root, env, yes, hands }) {
  const tried = join(root, "node_modules", ".clew-headless-shell-tried");
  if (isHeadlessShell(found.path) || env.CLEW_HEADED === "1" || !hands.isRoot || !hasApt(env) || existsSync(tried)) return found;
  writeFileSync(tried, "");
  hands.say("Chromium's headless shell starts a run's browser in a quarter of the time, so that is installed.");
  for (const command of [updateLists, installShell]) {
    if (!(await allowed(command, yes, hands)) || !hands.run(command)) {
      hands.say("It could not be had: the whole Chromium does the same. What was said above is no failure.");
      return found;
    }
  }
  return (await findChromium({ env, root })) ?? found;
}

const updateLists = ["apt-get", "update"];
const installShell = ["apt-get", "install", "-y", "chromium-headless-shell"];

/**
 * What keeps sandboxes apart, and what only tests need: what stands between readers and a gateway, what makes videos, a Chromium that shows windows, and a screen, a mouse and
 * a keyboard where there are none. Programs by Debian's packages that have them.
 */
const programs = {
  sandboxes: { bubblewrap: "bwrap" },
  tests: { nginx: "nginx", haproxy: "haproxy", ffmpeg: "ffmpeg", chromium: "chromium", xvfb: "Xvfb", xdotool: "xdotool" },
};

/**
 * Installs programs that are missing, where root and apt can. Where they cannot be had, what needs them says what to install.
 *
 * @param {keyof typeof programs} of whose
 * @param {{ root: string, env: NodeJS.ProcessEnv, yes: boolean, hands?: Partial<Hands> }} options
 */
export async function setUpPrograms(of, { root, env, yes, hands: given }) {
  const hands = { ...realHands(root, env), ...given };
  // Servers lie beside what is on a user's path: /usr/sbin beside /usr/bin.
  const folders = foldersOf(env).flatMap((folder) => [folder, folder.replace(/\/bin$/, "/sbin")]);
  const missing = Object.entries(programs[of])
    .filter(([, program]) => !folders.some((folder) => existsSync(join(folder, program))))
    .map(([name]) => name);
  if (missing.length === 0 || !hands.isRoot || !hasApt(env)) return;
  hands.say(`The ${of} want ${missing.join(" and ")}, so that is installed.`);
  for (const command of [updateLists, ["apt-get", "install", "-y", "--no-install-recommends", ...missing]]) {
    if (!(await allowed(command, yes, hands)) || !hands.run(command)) return;
  }
}

/** @param {string} root @param {NodeJS.ProcessEnv} env @param {Hands} hands */
function installPackages(root, env, hands) {
  if (isInstalled(root)) return;
  const command = ["npm", "ci", "--loglevel=error"];
  hands.say(`Installing the project's packages and its own Node into node_modules: ${command.join(" ")}`);
  // npm must not run on a Node that it is about to replace.
  const outside = foldersOf(env).filter((folder) => folder !== join(root, "node_modules", ".bin"));
  if (!hands.run(command, { ...env, PATH: outside.join(delimiter) })) {
    throw new SetupError("npm ci failed: its messages stand above. It needs the npm registry once; run this again when it can be reached.");
  }
  if (!isInstalled(root)) {
    throw new SetupError(
      "npm ci did not run the install scripts of the packages, so the project's own Node is missing. Set ignore-scripts=false (npm config get ignore-scripts) and run this again.",
    );
  }
}

/** Whether node_modules holds what package-lock.json names, and the project's own Node. @param {string} root */
export function isInstalled(root) {
  const modules = join(root, "node_modules");
  if (!existsSync(join(modules, ".bin", "node"))) return false;
  const wanted = packagesOf(join(root, "package-lock.json"));
  // npm writes this file at the very end of an installation; one that broke off left none.
  const present = packagesOf(join(modules, ".package-lock.json"));
  return wanted !== undefined && present !== undefined && holds(present, wanted);
}

/** Whether every package that is wanted is present in its version; optional ones may be missing, since they may be for other platforms. @param {Packages} present @param {Packages} wanted */
export function holds(present, wanted) {
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional, peer }]) => {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) return true;
    const there = present[path];
    if (there === undefined) return optional === true || devOptional === true || peer === true;
    return link === true || there.version === version;
  });
}

/** @param {string} file @returns {Packages | undefined} */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** @param {string} root @param {NodeJS.ProcessEnv} env @param {boolean} yes @param {Hands} hands @returns {Promise<Chromium>} */
async function installChromium(root, env, yes, hands) {
  hands.say("No Chromium was found (CLEW_CHROMIUM, Playwright's own, the system's), so one is installed.");
  const playwright = ["npx", "playwright", "install", "chromium"];
  const libraries = ["npx", "playwright", "install-deps", "chromium"];
  /** @type {string[][][]} */
  const ways = [[playwright]];
  if (hands.isRoot && hasApt(env)) {
    ways.push([libraries], ...(env.CLEW_HEADED === "1" ? [] : [[updateLists, installShell]]), [
      updateLists,
      ["apt-get", "install", "-y", "chromium"],
    ]);
  }
  for (const way of ways) {
    // Playwright's build is worth its libraries only if it could be fetched.
    if (way[0] === libraries && !existsSync((await playwrightsOwn(root)) ?? "")) continue;
    for (const command of way) {
      if (!(await allowed(command, yes, hands))) throw new SetupError(wayOut(hands));
      if (!hands.run(command)) break;
    }
    const found = await findChromium({ env, root });
    if (found) return found;
  }
  throw new SetupError(wayOut(hands));
}

/** @param {string[]} command @param {boolean} yes @param {Hands} hands */
async function allowed(command, yes, hands) {
  hands.say(`Outside this folder: ${command.join(" ")}`);
  return yes || hands.isRoot || (await hands.confirm("Run it? [y/N] "));
}

/** @param {Hands} hands */
function wayOut({ isRoot }) {
  const sudo = isRoot ? "" : "sudo ";
  return [
    "There is no Chromium to run. One of these helps; then run this again:",
    "  npx playwright install --with-deps chromium",
    `  ${sudo}apt-get install chromium        (Debian; or your system's package of Chromium or Google Chrome)`,
    "  CLEW_CHROMIUM=/path/to/chromium        (one that you already have)",
  ].join("\n");
}

/** @param {NodeJS.ProcessEnv} env */
function hasApt(env) {
  return foldersOf(env).some((folder) => existsSync(join(folder, "apt-get")));
}

/** The search path. @param {NodeJS.ProcessEnv} env */
function foldersOf(env) {
  return (env.PATH ?? "").split(delimiter);
}

/** @param {string} root @param {NodeJS.ProcessEnv} env @returns {Hands} */
function realHands(root, env) {
  return {
    run: ([command = "", ...args], given = env) =>
      spawnSync(command, args, {
        cwd: root,
        stdio: "inherit",
        env: {
          ...given,
          DEBIAN_FRONTEND: "noninteractive",
          PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: given.PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT ?? "10000",
        },
      }).status === 0,
    confirm: async (question) => {
      if (!process.stdin.isTTY) {
        process.stderr.write("Nobody is there to ask; --yes allows it.\n");
        return false;
      }
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^y(es)?$/i.test((await prompt.question(question)).trim());
      } finally {
        prompt.close();
      }
    },
    say: (line) => process.stderr.write(`${line}\n`),
    isRoot: process.getuid?.() === 0,
  };
}
