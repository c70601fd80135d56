import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Finding } from "./check.ts";
import { type Environment, findOnPath, firstExecutable, playwrightFolder } from "./find-program.ts";

const shells = ["chromium-headless-shell", "chrome-headless-shell"];
const wholes = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const fix = "npx playwright install chromium, or name one in CLEW_CHROMIUM";

/** Looks for Chromium where the sandbox does: CLEW_CHROMIUM, Playwright's own, the system's; and asks it for its version. */
export async function checkChromium(env: Environment): Promise<Finding> {
  const { CLEW_CHROMIUM: named, CLEW_HEADED: headed } = env;
  const names = headed === "1" ? wholes : [...shells, ...wholes];
  const path = named === undefined || named === "" ? ((await findPlaywrights(env)) ?? (await findOnPath(env, names))) : named;
  if (path === undefined) return { name: "chromium", level: "bad", message: "not found", fix };
  if (headed === "1" && isShell(path))
    return { name: "chromium", level: "bad", message: `${path} shows no window, as CLEW_HEADED=1 asks`, fix };
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 10_000, encoding: "utf8" });
    const windows = isShell(path) ? "; shows no window: clew record wants a whole one" : "";
    return { name: "chromium", level: "ok", message: `${stdout.trim()} at ${path}${windows}` };
  } catch {
    return { name: "chromium", level: "bad", message: `${path} does not run`, fix };
  }
}

/** Playwright keeps each revision in a folder of its own; the newest counts, and of that the headless shell. */
async function findPlaywrights(env: Environment): Promise<string | undefined> {
  const folder = playwrightFolder(env);
  const revisions = (await readdir(folder).catch(() => []))
    .filter((name) => (env["CLEW_HEADED"] === "1" ? /^chromium-\d+$/ : /^chromium(_headless_shell)?-\d+$/).test(name))
    .sort((a, b) => revisionOf(b) - revisionOf(a) || b.length - a.length);
  const places = [
    "chrome-headless-shell-linux64/chrome-headless-shell",
    "chrome-headless-shell-mac-arm64/chrome-headless-shell",
    "chrome-headless-shell-mac-x64/chrome-headless-shell",
    "chrome-headless-shell-win64/chrome-headless-shell.exe",
    "chrome-linux/headless_shell",
    "chrome-linux/chrome",
    "chrome-linux64/chrome",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    "chrome-win/chrome.exe",
  ];
  return await firstExecutable(revisions.flatMap((revision) => places.map((place) => join(folder, revision, place))));
}

const isShell = (path: string): boolean => /headless[-_]shell/.test(basename(path));
const revisionOf = (folder: string): number => Number(folder.slice(folder.lastIndexOf("-") + 1));
