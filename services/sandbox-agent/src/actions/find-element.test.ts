import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createRedact } from "@clew/playbook/redact";
import { selectorSchema } from "@clew/playbook/schema/selector";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ActivePage } from "../browser/active-page.ts";
import { chromiumPath } from "../browser/bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "../browser/browser-session.ts";
import { LastLooks } from "../browser/last-looks.ts";
import { startSite } from "../browser/site.fixture.ts";
import { findElement } from "./find-element.ts";

const signal = new AbortController().signal;
const secret = "hunter2-hunter2";
const redact = createRedact([secret]);
let folder: string;
let browser: BrowserSession;
let active: ActivePage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-find-"));
  browser = await launchBrowser({
    executablePath: chromiumPath,
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder: folder,
    sandboxId: basename(folder),
  });
  active = await browser.openPage({ width: 1000, height: 700 });
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const find = (selector: unknown) => findElement(selectorSchema.parse(selector), { active, signal, redact, looks: new LastLooks() });

async function timed<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
  const startedAt = performance.now();
  return { value: await promise, ms: performance.now() - startedAt };
}

test.each([
  ["<button>Go</button>", "button 'Go'"],
  ['<a href="/x">More <b>here</b></a>', "link 'More here'"],
  ['<input type="submit" aria-label="Send it">', "button 'Send it'"],
])("names what it finds as a person would: %s", async (html, words) => {
  await active.page.setContent(html);
  await expect(find("body > *")).resolves.toMatchObject({ words });
});

test("never names a field by what it holds, nor a text by what it says", async () => {
  await active.page.setContent('<input name="pin" value="1234"><p id="note">a secret</p>');
  await expect(find("input")).resolves.toMatchObject({ words: "field 'pin'" });
  await expect(find("p")).resolves.toMatchObject({ words: "p 'note'" });
});

test("leaves nothing of a secret where a label or a selector is cut", async () => {
  await active.page.setContent(`<button>${"x".repeat(34)}${secret}</button>`);
  await expect(find("button")).resolves.toMatchObject({ words: `button '${"x".repeat(34)}[reda…'` });
  await expect(find(`[title="${"x".repeat(66)}${secret}"]`)).rejects.toThrow(`x[reda…'`);
});

test("takes what is there at once, and ignores what does not show", async () => {
  await active.page.setContent('<button hidden>Go</button><button style="visibility:hidden">Go</button><button>Go</button>');
  const { value, ms } = await timed(find({ primary: "button", fallbacks: ["body"] }));
  await expect(value.locator.count()).resolves.toBe(1);
  expect(ms).toBeLessThan(400);
});

test("prefers the primary that comes a little later to the fallback that is there", async () => {
  await active.page.setContent("<a href='#'>old</a>");
  await active.page.evaluate(() => void setTimeout(() => document.body.insertAdjacentHTML("beforeend", "<button>new</button>"), 300));
  await expect(find({ primary: "button", fallbacks: ["a"] })).resolves.toMatchObject({ words: "button 'new'" });
});

test("takes the first fallback that shows once the primary had its time", async () => {
  await active.page.setContent("<a href='#'>one</a><i>two</i>");
  const { value, ms } = await timed(find({ primary: "#none", fallbacks: ["#neither", "a", "i"], description: "the link" }));
  expect(value.words).toBe("the link");
  await expect(value.locator.textContent()).resolves.toBe("one");
  expect(ms).toBeGreaterThan(700);
});

test("refuses two visible matches, and names them", async () => {
  await active.page.setContent("<button>One</button><button>Two</button>");
  await expect(find("button")).rejects.toMatchObject({
    reason: "SELECTOR_AMBIGUOUS",
    message: "The selector 'button' matches 2 visible elements on about:blank: button 'One', button 'Two'.",
  });
});

test("names all it tried when nothing matches", async () => {
  await active.page.setContent("<p>empty</p>");
  await expect(find({ primary: "#a", fallbacks: ["text=b"], description: "the button" })).rejects.toMatchObject({
    reason: "SELECTOR_NOT_FOUND",
    message: "No selector matched a visible element: tried '#a', 'text=b' (the button) on about:blank.",
  });
});

test.each([
  ["<button>Save order</button>", "Nearest there: button 'Save order'."],
  ["<button disabled>Save order</button><a href=/>Orders</a>", "Nearest there: button 'Save order' (disabled)."],
  ["<button hidden>Save</button>", "Nearest there: button 'Save' (hidden)."],
  [`<button>Save ${secret}</button>`, "Nearest there: button 'Save [redacted]'."],
  ["<p>Save</p>", "on about:blank."],
])("says what is there instead: %s", async (html, message) => {
  await active.page.setContent(html);
  const primary = { role: "button", name: "Save", exact: true };
  await expect(find({ primary, description: "the button" })).rejects.toMatchObject({
    reason: "SELECTOR_NOT_FOUND",
    message: expect.stringMatching(new RegExp(`${RegExp.escape(message)}$`)),
  });
});

test.each([
  ["name", '<iframe name="pay" srcdoc="<button>Save</button>"></iframe>', '`frame: iframe[name="pay"]`'],
  ["place", '<iframe></iframe><iframe srcdoc="<button>Save</button>"></iframe>', "`frame: iframe >> nth=1`"],
  [
    "path",
    `<iframe id="a" srcdoc="<iframe id='b' srcdoc='<button>Save</button>'></iframe>"></iframe>`,
    `\`frame: ['iframe[id="a"]', 'iframe[id="b"]']\``,
  ],
])("looks into no frame that it is not told of, but says a frame's %s where a match is in it", async (_, html, words) => {
  await active.page.setContent(html);
  const failure = await find({ role: "button", name: "Save" }).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({
    reason: "SELECTOR_NOT_FOUND",
    message: expect.stringContaining(`A match is in a frame; name it with ${words}.`),
  });
  const frame = words.replace(/^`frame: |`$/g, "");
  const path: string[] = frame.startsWith("[") ? JSON.parse(frame.replaceAll('"', '\\"').replaceAll("'", '"')) : [frame];
  await expect(find({ role: "button", name: "Save", frame: path })).resolves.toMatchObject({ words: "button 'Save'" });
});

test("refuses a frame that is there twice", async () => {
  await active.page.setContent('<iframe srcdoc="<button>Save</button>"></iframe><iframe></iframe>');
  await expect(find({ role: "button", frame: "iframe" })).rejects.toMatchObject({
    reason: "SELECTOR_AMBIGUOUS",
    message: "The selector 'button in frame iframe' names a frame that is there more than once.",
  });
});

test("finds an element by its scope and by a text it holds", async () => {
  await active.page.setContent("<ul><li>One <button>Go</button><li>Two <button>Go</button></ul>");
  const row = { css: "li", has_text: "Two" };
  const { locator } = await find({ role: "button", within: row });
  await expect(locator.evaluate((button) => button.parentElement?.textContent?.trim())).resolves.toBe("Two Go");
});

describe("a text that an element holds", () => {
  const rows = `<table><tr id=a><td>1<td>23<td>O'Neil "x" >> y<tr id=b><td>123<td>4<tr id=c><td>Order<td>77<tr id=d><td><b>1</b>5<br>9</table>
    <ul><li id=e><span>4</span><span>2</span><li id=f style="display:flex"><span>4</span><span>2</span>
    <li id=g>Kranken&shy;versicherung<li id=h>foo&#8203;bar</ul>`;
  const idOf = async (selector: object) => (await find(selector)).locator.getAttribute("id");

  test.each([
    ["tr", "23", "a"],
    ["tr", "123", "b"],
    ["tr", "order 77", "c"],
    ["tr", "15 9", "d"],
    ["li", "42", "e"],
    ["li", "2", "f"],
    ["li", "krankenversicherung", "g"],
    ["li", "foo\u200bbar", "h"],
    ["tr", `o'neil "X" >> y`, "a"],
  ])("is looked for where cells and blocks are apart, as a person sees them: %s, %s", async (css, text, id) => {
    await active.page.setContent(rows);
    const whole = { ...selectorSchema.parse({ css, has_text: text }).primary, whole_words: true };
    const found = await findElement({ primary: whole, fallbacks: [], description: "" }, { active, signal, redact, looks: new LastLooks() });
    await expect(found.locator.getAttribute("id")).resolves.toBe(id);
  });

  test("may be a part of a word where it holds no placeholder, and stand in open shadow roots and slots", async () => {
    await active.page.setContent("<ul><li id=a>Twofold<li id=b><x-a>in a slot</x-a></ul>");
    await active.page.evaluate(() => {
      const host = document.querySelector("x-a")?.attachShadow({ mode: "open" });
      if (host) host.innerHTML = "<p>Shown</p><slot></slot>";
    });
    await expect(idOf({ css: "li", has_text: "TWO" })).resolves.toBe("a");
    await expect(idOf({ css: "li", has_text: "shown in a slot" })).resolves.toBe("b");
    await expect(find({ css: "li", has_text: "Three" })).rejects.toMatchObject({ reason: "SELECTOR_NOT_FOUND" });
  });
});

test.each(["role=button", "css=button", "text=Go"])("[weakness 28] looks into open shadow roots: %s", async (selector) => {
  await active.page.setContent("<x-a></x-a>");
  await active.page.evaluate(() => {
    const host = document.querySelector("x-a")?.attachShadow({ mode: "open" });
    if (host) host.innerHTML = "<button>Go</button>";
  });
  await expect(find(selector)).resolves.toMatchObject({ words: "button 'Go'" });
});

test.each(["[[", "nope=1", "//["])("says that a selector is not valid: %s", async (selector) => {
  await active.page.setContent("<p>x</p>");
  await expect(find(selector)).rejects.toMatchObject({ message: `The selector '${selector}' is not valid.` });
});

test("cancels at once", async () => {
  await active.page.setContent("<p>x</p>");
  const controller = new AbortController();
  const finding = findElement(selectorSchema.parse("#none"), { active, signal: controller.signal, redact, looks: new LastLooks() });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  const { ms } = await timed(expect(finding).rejects.toThrow("enough"));
  expect(ms).toBeLessThan(500);
});

test("looks at the page a slow click leads to, not at the one it leaves", async () => {
  await using site = await startSite({
    "/": "<h1>Old</h1><button onclick=\"setTimeout(() => location = '/slow')\">Go</button>",
    "/slow": () => new Promise((resolve) => setTimeout(resolve, 1_200, "<h1>New</h1>")),
  });
  await active.page.goto(site.url);
  await (await find("button")).locator.click();
  await expect(find('h1:text-is("New")')).resolves.toBeDefined();
});

test("acts on a popup while it is open, and on its opener again once it closed", async () => {
  await using site = await startSite({
    "/": `<h1>Opener</h1><button onclick="window.open('/popup')">Open</button>`,
    "/popup": "<h2>Popup</h2>",
  });
  await active.page.goto(site.url);
  const opener = active.page;
  await (await find("button")).locator.click();
  await expect(find("h2")).resolves.toBeDefined();
  expect(active.page).not.toBe(opener);
  await active.page.close();
  await expect(find("h1")).resolves.toBeDefined();
  expect(active.page).toBe(opener);
});

test("does not wait for ever for a page that hangs", async () => {
  const hung = await browser.openPage({ width: 800, height: 600 });
  await hung.page.setContent("<button>Go</button>");
  hung.page
    .evaluate(() => {
      for (;;);
    })
    .catch(() => {});
  const controller = new AbortController();
  const finding = findElement(selectorSchema.parse("button"), { active: hung, signal: controller.signal, redact, looks: new LastLooks() });
  setTimeout(() => controller.abort(new Error("enough")), 100);
  await expect(finding).rejects.toThrow("enough");
});
