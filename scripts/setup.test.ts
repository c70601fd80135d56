import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumPrograms } from "@clew/process/chromium-programs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChromiumSettingError, findChromium } from "./find-chromium.mjs";
import { holds, isInstalled, SetupError, setUp, setUpPrograms } from "./setup.mjs";

const lock = {
  packages: {
    "": {},
    "packages/fault": {},
    "node_modules/zod": { version: "4.6.7" },
    "node_modules/fsevents": { version: "2.0.0", optional: true },
  },
};

let root: string;
let bin: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "clew-setup-"));
  bin = join(root, "system", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Puts a program into a folder: a shell script. */
function program(folder: string, name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Leaves what `npm ci` would. */
function install(packages: object = lock.packages): true {
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true });
  program(join(root, "node_modules", ".bin"), "node", "exit 0");
  writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages }));
  return true;
}

const chromium = (folder: string, name = "chromium") => program(folder, name, "echo Chromium 150.0");
const env = () => ({ PATH: bin });

interface Script {
  readonly answers?: boolean[];
  readonly isRoot?: boolean;
  readonly on?: (command: string) => boolean;
}

/** Sets up with hands that only take notes: what was run, asked and said. */
function setUpWith({ answers = [], isRoot = true, on = () => true }: Script, yes = false) {
  const notes = { run: [] as string[], asked: 0, said: [] as string[] };
  const hands = {
    run: (command: string[]) => {
      notes.run.push(command.join(" "));
      return on(command.join(" "));
    },
    confirm: async () => {
      notes.asked += 1;
      return answers.shift() ?? false;
    },
    say: (line: string) => void notes.said.push(line),
    isRoot,
  };
  return { notes, result: setUp({ root, env: env(), yes, hands }) };
}

test("does nothing where everything is there", async () => {
  install();
  chromium(bin);
  const { notes, result } = setUpWith({});
  await expect(result).resolves.toEqual({ path: join(bin, "chromium"), source: "system" });
  expect(notes).toEqual({ run: [], asked: 0, said: [] });
});

test("installs the packages in a fresh clone, and says so first", async () => {
  chromium(bin);
  const { notes, result } = setUpWith({ on: () => install() });
  await result;
  expect(notes.run).toEqual(["npm ci --loglevel=error"]);
  expect(notes.said[0]).toContain("npm ci");
  expect(notes.asked).toBe(0);
});

test("installs again when the lock file names another version", () => {
  install({ ...lock.packages, "node_modules/zod": { version: "4.0.0" } });
  expect(isInstalled(root)).toBe(false);
});

test("takes an installation that broke off for none", () => {
  install();
  rmSync(join(root, "node_modules", ".package-lock.json"));
  expect(isInstalled(root)).toBe(false);
});

test("misses no optional package of another platform", () => {
  expect(holds({ "node_modules/zod": { version: "4.6.7" } }, lock.packages)).toBe(true);
  expect(holds({ "node_modules/fsevents": { version: "2.0.0" } }, lock.packages)).toBe(false);
});

test("says what to do when npm ci fails", async () => {
  const { result } = setUpWith({ on: () => false });
  await expect(result).rejects.toThrow(SetupError);
  await expect(result).rejects.toThrow(/npm registry/);
});

test("says what to do when npm runs no install scripts", async () => {
  const { result } = setUpWith({ on: () => true });
  await expect(result).rejects.toThrow(/ignore-scripts/);
});

test("installs Chromium with Playwright first, then as root from the distribution", async () => {
  install();
  program(bin, "apt-get", "exit 0");
  const { notes, result } = setUpWith({
    on: (command) => {
      if (command.startsWith("apt-get install")) chromium(bin, "chromium-headless-shell");
      return !command.startsWith("npx");
    },
  });
  await expect(result).resolves.toMatchObject({ source: "system" });
  expect(notes.run).toEqual(["npx playwright install chromium", "apt-get update", "apt-get install -y chromium-headless-shell"]);
  expect(notes.said.filter((line) => line.startsWith("Outside this folder:"))).toHaveLength(3);
});

test("asks before it reaches outside the folder when it is not root, and takes no for an answer", async () => {
  install();
  const { notes, result } = setUpWith({ isRoot: false, answers: [false] });
  await expect(result).rejects.toThrow(/CLEW_CHROMIUM=/);
  expect(notes).toMatchObject({ run: [], asked: 1 });
});

test("does not ask when --yes was given, and never uses the distribution's packages without root", async () => {
  install();
  program(bin, "apt-get", "exit 0");
  const { notes, result } = setUpWith({ isRoot: false, on: () => false }, true);
  await expect(result).rejects.toThrow(/sudo apt-get install chromium/);
  expect(notes).toMatchObject({ run: ["npx playwright install chromium"], asked: 0 });
});

test("finds the Chromium that CLEW_CHROMIUM names before any other", async () => {
  install();
  chromium(bin);
  const named = chromium(root, "my-chromium");
  await expect(findChromium({ root, env: { ...env(), CLEW_CHROMIUM: named } })).resolves.toEqual({ path: named, source: "CLEW_CHROMIUM" });
});

test("refuses a CLEW_CHROMIUM that does not start", async () => {
  install();
  chromium(bin);
  await expect(findChromium({ root, env: { ...env(), CLEW_CHROMIUM: join(root, "nothing") } })).rejects.toThrow(ChromiumSettingError);
});

test("passes over a stub that only points to a shop", async () => {
  install();
  program(bin, "chromium-browser", "echo 'install the snap' >&2; exit 1");
  await expect(findChromium({ root, env: env() })).resolves.toBeUndefined();
  const real = chromium(bin, "google-chrome");
  await expect(findChromium({ root, env: env() })).resolves.toEqual({ path: real, source: "system" });
});

test("looks again when the Chromium it remembers is gone", async () => {
  install();
  const first = chromium(bin);
  await findChromium({ root, env: env() });
  rmSync(first);
  const second = chromium(bin, "google-chrome");
  await expect(findChromium({ root, env: env() })).resolves.toMatchObject({ path: second });
});

test("prefers the headless shell, then Chromium, then Chrome in the system's folders; the shell not where windows are asked for", () => {
  const chrome = chromium(bin, "google-chrome");
  const whole = chromium(bin);
  const shell = chromium(bin, "chromium-headless-shell");
  expect(chromiumPrograms(env(), { platform: "linux" })).toEqual([shell, whole, chrome]);
  expect(chromiumPrograms(env(), { platform: "linux", headed: true })).toEqual([whole, chrome]);
});

test("remembers what shows windows beside what shows none", async () => {
  install();
  const whole = chromium(bin);
  const shell = chromium(bin, "chromium-headless-shell");
  const headed = { ...env(), CLEW_HEADED: "1" };
  for (let look = 0; look < 2; look += 1) {
    await expect(findChromium({ root, env: env() })).resolves.toEqual({ path: shell, source: "system" });
    await expect(findChromium({ root, env: headed })).resolves.toEqual({ path: whole, source: "system" });
  }
  await expect(findChromium({ root, env: { ...headed, CLEW_CHROMIUM: shell } })).rejects.toThrow(/shows no window/);
});

test("has root install the headless shell beside a Chromium that has none, once, and goes on without where it cannot be had", async () => {
  install();
  const whole = chromium(bin);
  program(bin, "apt-get", "exit 0");
  const first = setUpWith({ on: (command) => command === "apt-get update" });
  await expect(first.result).resolves.toEqual({ path: whole, source: "system" });
  expect(first.notes.run).toEqual(["apt-get update", "apt-get install -y chromium-headless-shell"]);
  expect(first.notes.said.at(-1)).toContain("no failure");
  const second = setUpWith({});
  await expect(second.result).resolves.toEqual({ path: whole, source: "system" });
  expect(second.notes.run).toEqual([]);
  const shell = chromium(bin, "chromium-headless-shell");
  await expect(setUpWith({}).result).resolves.toEqual({ path: shell, source: "system" });
  rmSync(shell);

  rmSync(join(root, "node_modules"), { recursive: true });
  install();
  const third = setUpWith({
    on: (command) => (command.startsWith("apt-get install") ? chromium(bin, "chromium-headless-shell") !== "" : true),
  });
  await expect(third.result).resolves.toEqual({ path: join(bin, "chromium-headless-shell"), source: "system" });
});

test("has root install what sandboxes and tests need, says each command, and leaves it to the tests where it cannot", async () => {
  const run: string[] = [];
  const said: string[] = [];
  const hands = { run: (command: string[]) => run.push(command.join(" ")) > 0, say: (line: string) => void said.push(line) };
  await setUpPrograms("tests", { root, env: env(), yes: false, hands: { ...hands, isRoot: true } });
  program(bin, "apt-get", "exit 0");
  mkdirSync(join(root, "system", "sbin"));
  program(join(root, "system", "sbin"), "nginx", "exit 0");
  await setUpPrograms("tests", { root, env: env(), yes: false, hands: { ...hands, isRoot: false } });
  expect(run).toEqual([]);
  await setUpPrograms("tests", { root, env: env(), yes: false, hands: { ...hands, isRoot: true } });
  await setUpPrograms("sandboxes", { root, env: env(), yes: false, hands: { ...hands, isRoot: true } });
  expect(run).toEqual([
    "apt-get update",
    "apt-get install -y --no-install-recommends haproxy ffmpeg chromium xvfb xdotool",
    "apt-get update",
    "apt-get install -y --no-install-recommends bubblewrap",
  ]);
  expect(said.filter((line) => line.startsWith("Outside"))).toEqual(run.map((command) => `Outside this folder: ${command}`));
});
