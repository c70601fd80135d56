import { keyMistake } from "@clew/playbook/code/key-mistake";
import { roleSchema } from "@clew/playbook/schema/role";
import fc from "fast-check";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBareBrowser } from "../browser/bare-browser.fixture.ts";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBareBrowser();
  page = await browser.newPage();
});
afterAll(() => browser.close());

/** Whether Playwright has such keys. */
const isPressed = (keys: string) =>
  page.keyboard.press(keys).then(
    () => true,
    (thrown: unknown) => {
      expect(String(thrown)).toContain("Unknown key");
      return false;
    },
  );

test.each(["Enter", "a", "A", "+", " ", "~", "F12", "Control+A", "Control++", "ShiftLeft+Tab", "ControlOrMeta+KeyC", "Numpad0", "Digit9"])(
  "takes the key %j, as Playwright does",
  async (keys) => {
    expect(keyMistake(keys)).toBeUndefined();
    expect(await isPressed(keys)).toBe(true);
  },
);

test.each([
  ["enter", 0, "enter is called Enter"],
  ["Control+return", 8, "return is called Enter"],
  ["ctrl+a", 0, "ctrl is called Control"],
  ["Control+", 8, "names no key after its +"],
  ["Control-A", 0, "such as Enter, ArrowDown or Control+A"],
  ["é", 0, "type it as text"],
  ["F13", 0, "names no key: F13"],
])("refuses the key %j, as Playwright does, and says what to say", async (keys, at, message) => {
  expect(keyMistake(keys)).toEqual({ at, message: expect.stringContaining(message) });
  expect(await isPressed(keys)).toBe(false);
});

test("refuses and takes the same keys as Playwright", async () => {
  const parts = [
    "a",
    "Z",
    "+",
    "-",
    "Enter",
    "enter",
    "Shift",
    "Control",
    "Alt",
    "Left",
    "KeyA",
    "Key1",
    "Digit1",
    "Numpad",
    "F1",
    "0",
    "ß",
    " ",
    "Meta",
  ];
  const combinations = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 5 }).map((some) => some.join(""));
  await fc.assert(
    fc.asyncProperty(combinations, async (keys) => {
      expect(keyMistake(keys) === undefined, JSON.stringify(keys)).toBe(await isPressed(keys));
    }),
    { numRuns: 300 },
  );
});

test("knows each role that Playwright finds elements by, and no other", async () => {
  const isRole = (name: string) => roleSchema.safeParse(name).success;
  const names = [
    "button",
    "Button",
    "textbox",
    "none",
    "switch",
    "treeitem",
    "widget",
    "input",
    "btn",
    "doc-chapter",
    "structure",
    "img",
    "image",
  ];
  for (const name of names) {
    await page.setContent(`<div role="${name}">x</div>`);
    const found = await page.locator(`role=${name}[include-hidden]`).count();
    expect(found > 0, name).toBe(isRole(name));
  }
  // Whatever tags give by themselves is known too.
  const tags = [
    "a href=/x",
    "article",
    "aside",
    "blockquote",
    "button",
    "code",
    "datalist",
    "dd",
    "del",
    "details",
    "dialog open",
    "dt",
    "em",
  ];
  const more = [
    "fieldset",
    "figure",
    "footer",
    "form aria-label=f",
    "h1",
    "header",
    "hr",
    "img alt=i src=i",
    "input",
    "input type=checkbox",
    "ins",
  ];
  const rest = [
    "main",
    "mark",
    "math",
    "menu",
    "meter",
    "nav",
    "ol",
    "output",
    "p",
    "progress",
    "search",
    "section aria-label=s",
    "select",
  ];
  const last = [
    "strong",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "textarea",
    "time",
    "ul",
    "input type=search",
    "input type=range",
    "caption",
  ];
  await page.setContent([...tags, ...more, ...rest, ...last].map((tag) => `<${tag}>x</${tag.split(" ")[0]}>`).join(""));
  const snapshot = await page.locator("body").ariaSnapshot();
  const roles = new Set([...snapshot.matchAll(/^ *- ([a-z]+)/gm)].map(([, role]) => role ?? ""));
  expect(roles.size).toBeGreaterThan(20);
  expect([...roles].filter((role) => role !== "text" && !isRole(role))).toEqual([]);
});
