import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Finding } from "./check.ts";
import { type Environment, findOnPath, firstExecutable, playwrightFolder } from "./find-program.ts";

const browserNames = [
  "chromium-headless-shell",
  "chrome-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

const fix = "npx playwright install chromium, or name one in CLEW_CHROMIUM";

/** Looks for Chromium where the sandbox does: CLEW_CHROMIUM, Playwright's own, the system's; and asks it for its version. */
export async function checkChromium(env: Environment): Promise<Finding> {
  const { CLEW_CHROMIUM: named } = env;
  const path = named === undefined || named === "" ? ((await findPlaywrights(env)) ?? (await findOnPath(env, browserNames))) : named;
  if (path === undefined) return { name: "chromium", level: "bad", message: "not found", fix };
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 10_000, encoding: "utf8" });
    return { name: "chromium", level: "ok", message: `${stdout.trim()} at ${path}` };
  } catch {
    return { name: "chromium", level: "bad", message: `${path} does not run`, fix };
  }
}

/** Playwright keeps each revision in a folder of its own; the newest counts, and of that the headless shell. */
async function findPlaywrights(env: Environment): Promise<string | undefined> {
  const folder = playwrightFolder(env);
  const revisions = (await readdir(folder).catch(() => []))
    .filter((name) => /^chromium(_headless_shell)?-\d+$/.test(name))
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

const revisionOf = (folder: string): number => Number(folder.slice(folder.lastIndexOf("-") + 1));
