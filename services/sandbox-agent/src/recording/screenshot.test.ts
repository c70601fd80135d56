import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ActivePage } from "../browser/active-page.ts";
import { chromiumPath } from "../browser/bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "../browser/browser-session.ts";
import { LastLooks } from "../browser/last-looks.ts";
import { RunFiles } from "./run-files.ts";
import { storeScreenshot } from "./screenshot.ts";

const secret = "S3cr3tZebra";
let folder: string;
let browser: BrowserSession;
let active: ActivePage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-picture-"));
  browser = await launchBrowser({
    executablePath: chromiumPath,
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder: folder,
    sandboxId: basename(folder),
  });
  active = await browser.openPage({ width: 800, height: 600 });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** How many pixels of a picture are red. */
async function redPixels(page: Page, jpeg: Uint8Array): Promise<number> {
  return await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context?.drawImage(image, 0, 0);
    const { data } = context?.getImageData(0, 0, image.width, image.height) ?? { data: new Uint8ClampedArray() };
    let red = 0;
    for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 0) > 150 && (data[at + 1] ?? 0) < 90 && (data[at + 2] ?? 0) < 90) red++;
    return red;
  }, Buffer.from(jpeg).toString("base64"));
}

async function picture(html: string, secrets: readonly string[]): Promise<number> {
  await active.page.setContent(`<style>* { color: red; font: bold 40px sans-serif }</style>${html}`);
  const files = await RunFiles.open(join(folder, "files"), 1);
  const { signal } = new AbortController();
  const name = await storeScreenshot(active.page, { name: "a.jpg", files, secrets, signal, looks: new LastLooks() });
  expect(name).toBe("a.jpg");
  return await redPixels(active.page, await readFile(files.place("a.jpg").path));
}

test.each([
  ["typed into a field", `<input value="${secret}">`],
  ["typed into a field in another form", `<textarea>${[...secret].join(" ")}</textarea>`],
  ["shown as text", `<p>Hello, ${secret}!</p>`],
  [
    "in a frame",
    `<iframe width=700 srcdoc="<style>*{color:red;font:bold 40px sans-serif}</style><p>${secret}</p><input value='${secret}'>"></iframe>`,
  ],
])("covers a secret %s", async (_place, html) => {
  expect(await picture(html, [])).toBeGreaterThan(500);
  expect(await picture(html, [secret])).toBe(0);
});

test("shows the rest of the page", async () => {
  expect(await picture("<p>Order 12345</p>", [secret])).toBeGreaterThan(500);
});
