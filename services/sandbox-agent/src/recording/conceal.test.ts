import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ActivePage } from "../browser/active-page.ts";
import { chromiumPath } from "../browser/bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "../browser/browser-session.ts";
import { conceal, concealFocused } from "./conceal.ts";

const { signal } = new AbortController();

let folder: string;
let browser: BrowserSession;
let active: ActivePage;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-conceal-"));
  browser = await launchBrowser({
    executablePath: chromiumPath,
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder: folder,
    sandboxId: basename(folder),
  });
  active = await browser.openPage({ width: 500, height: 200 });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What the page looks like once one of two texts was typed. */
async function pixels(html: string, text: string, hide: () => Promise<void>): Promise<string> {
  const { page } = active;
  await page.setContent(`<style>* { font: 20px monospace; caret-color: transparent }</style>${html}`);
  const field = page.locator("[data-test]");
  await field.focus();
  await hide();
  await page.keyboard.type(text);
  return (await page.screenshot()).toString("base64");
}

const fields = [
  ["a text field", "<input data-test>"],
  ["an area", "<textarea data-test></textarea>"],
  ["an editable text", "<div data-test contenteditable>&nbsp;</div>"],
  ["a field whose page wants its letters seen", "<style>input { -webkit-text-security: none !important }</style><input data-test>"],
  ["a field in a shadow root", "<div><template shadowrootmode=open><input data-test></template></div>"],
] as const;

test.each(fields)("%s shows the same whatever is typed into it once it is concealed", async (_name, html) => {
  const hide = () => conceal(active.page.locator("[data-test]"), { timeout: 5_000, signal });
  const seen = [await pixels(html, "token-one", async () => {}), await pixels(html, "TOKEN+two", async () => {})];
  const hidden = [await pixels(html, "token-one", hide), await pixels(html, "TOKEN+two", hide)];
  expect(seen[0]).not.toBe(seen[1]);
  expect(hidden[0]).toBe(hidden[1]);
});

test.each(fields)("%s that has the focus is concealed without being named", async (_name, html) => {
  const hide = () => concealFocused(active.page);
  expect(await pixels(html, "token-one", hide)).toBe(await pixels(html, "TOKEN+two", hide));
});

test("a field in a frame that has the focus is concealed without being named", async () => {
  await active.page.setContent(`<iframe srcdoc="<iframe srcdoc='<input id=inner>'></iframe>"></iframe>`);
  const field = active.page.frameLocator("iframe").frameLocator("iframe").locator("input");
  await field.focus();
  await concealFocused(active.page);
  const style = await field.evaluate((input) => getComputedStyle(input).getPropertyValue("-webkit-text-security"));
  expect(style).toBe("disc");
});
