import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { findProcesses, type ProcessEntry } from "@clew/process/process-tree";
import type { Page } from "playwright";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chromiumPath } from "./bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "./browser-session.ts";

let folder: string;
let browser: BrowserSession;
/** The profile, as the temp folder has it, and the processes that the browser had with a page open. */
let profiles: readonly string[];
let processes: readonly ProcessEntry[];

const marks = () => ({ id: basename(folder), folder });
const profilesNow = async () => (await readdir(tmpdir())).filter((name) => /^playwright/.test(name));
const kill = (signal: NodeJS.Signals) => {
  for (const { pid, parentPid } of processes) if (parentPid === process.pid) process.kill(pid, signal);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-browser-"));
  browser = await launchBrowser({
    executablePath: chromiumPath,
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder: folder,
    sandboxId: basename(folder),
  });
  await browser.openPage({ width: 300, height: 200 });
  processes = findProcesses(marks());
  // Others may start a browser meanwhile: what is ours is what ours has open.
  const commands = await Promise.all(processes.map(({ pid }) => readCommand(pid)));
  profiles = (await profilesNow()).filter((name) => commands.some((command) => command.includes(name)));
});

afterEach(async () => {
  await browser[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function readCommand(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

async function expectNothingLeft(): Promise<void> {
  expect(profiles).toHaveLength(1);
  expect(processes.length).toBeGreaterThan(2);
  const groups = new Set(processes.map(({ group }) => group));
  expect(findProcesses({ ...marks(), groups })).toEqual([]);
  expect(await profilesNow()).not.toContain(profiles[0]);
}

test("leaves no process and no profile when it is closed", async () => {
  await browser[Symbol.asyncDispose]();
  await expectNothingLeft();
  expect(browser.crashed.aborted).toBe(false);
});

test("leaves no process and no profile when it was killed", async () => {
  kill("SIGKILL");
  await browser.closed;
  await expectNothingLeft();
  expect(browser.crashed.aborted).toBe(true);
});

test("turns off all that Playwright turns off, and draws no page but its own", async () => {
  const commands = await Promise.all(processes.map(({ pid }) => readCommand(pid)));
  const [theirs, ours, ...more] = commands
    .flatMap((command) => command.split("\0"))
    .filter((argument) => argument.startsWith("--disable-features="))
    .map((argument) => argument.slice("--disable-features=".length).split(","));
  expect(more).toEqual([]);
  expect(ours).toEqual(expect.arrayContaining(theirs ?? ["Playwright's"]));
  expect(commands.filter((command) => command.includes("--type=renderer"))).toHaveLength(1);
});

test("is killed when it hangs while it is closed", async () => {
  kill("SIGSTOP");
  await browser[Symbol.asyncDispose]();
  await expectNothingLeft();
});

test("gives a page it prepared once, to who wants just such a one, and closes it otherwise", async () => {
  const countRenderers = async () => {
    const commands = await Promise.all(findProcesses(marks()).map(({ pid }) => readCommand(pid)));
    return commands.filter((command) => command.includes("--type=renderer")).length;
  };
  const usual = { width: 640, height: 480 };
  const sizeOf = ({ page }: { readonly page: Page }) => page.viewportSize();
  browser.prepare(usual);
  const given = await browser.openPage({ ...usual, locale: undefined, extraHttpHeaders: {} });
  const next = await browser.openPage(usual);
  expect([given, next].map(sizeOf)).toEqual([usual, usual]);
  expect(given.context).not.toBe(next.context);
  expect(given.isOpen && given.url).toBe("about:blank");

  const before = await countRenderers();
  browser.prepare(usual);
  const other = await browser.openPage({ ...usual, locale: "de-DE" });
  expect(await other.page.evaluate(() => navigator.language)).toBe("de-DE");
  await other[Symbol.asyncDispose]();
  await expect.poll(countRenderers, { timeout: 20_000 }).toBeLessThanOrEqual(before);
});
