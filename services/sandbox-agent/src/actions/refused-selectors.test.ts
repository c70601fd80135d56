import { selectorMistake } from "@clew/playbook/code/selector-mistake";
import fc from "fast-check";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBareBrowser } from "../browser/bare-browser.fixture.ts";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBareBrowser();
  page = await browser.newPage();
  await page.setContent(`<main id="a" class="b"><button name="q">Save 1</button><a href="/x" title="i">Next</a></main>`);
});
afterAll(() => browser.close());

/** Whether Playwright and the browser look for elements by it. */
const isTaken = async (selector: string) =>
  await page
    .locator(selector)
    .count()
    .then(
      () => true,
      () => false,
    );

/** Whether the browser reads each part of it. Playwright looks for the last part first, and reads no further where there is none. */
async function isReadWhole(selector: string): Promise<boolean> {
  for (const part of [selector, ...selector.split(">>")]) {
    if (!(await isTaken(part))) return false;
    const isOther = /^\s*["'>+~]|^\s*\(*\/\/|^\s*\.\./.test(part) || /^[^=]*=/.test(part.replaceAll(/\[[^\]]*\]/g, ""));
    const css = isOther ? "*" : part;
    const isCss = await page.evaluate((text) => {
      try {
        document.querySelector(text);
        return true;
      } catch {
        return false;
      }
    }, css);
    if (!isCss) return false;
  }
  return true;
}

test.each([
  "button",
  "> button",
  "main > button ~ a, a + a",
  "a[href^='/x' i]",
  '[data-testid = "a]b" i]',
  "#a.b:not(:hover):has(> a)",
  ":is(button, a):nth-child(2n + 1)",
  "#\\31 a",
  ".\\31\\32 a",
  "--x.--y",
  "a:nth-child( -n + 3 ), a:nth-last-of-type(ODD), a:nth-child(2n of a), a:nth-child(+5), a:nth-child(n-1)",
  "a:has-text( 'b' ):visible, a:text-is(\"c\")",
  "a:any-link:enabled:only-of-type:-webkit-any-link",
  "input:placeholder-shown:user-invalid:autofill, :popover-open, :modal, details:open",
  "a:has-text('(') >> nth=0",
  "button:text-matches('^Sa', 'i')",
  "a/* > */b",
  "a /* } */ > /**/ b",
  ":nth-match(button, 1)",
  "button:right-of(:text('Next'), 50)",
  '"Save 1"',
  "text=Save (1",
  "text=it's >> visible=true",
  "text=/save \\d/i",
  "text=a/b",
  "text=/",
  "//button[@name='q' or contains(., ']')]",
  "(//button)[1]",
  "../main",
  "xpath=.//a[1]/@href/..",
  "xpath=/",
  "role=button[name='Save 1'i]",
  "role=button[name=/[/]save/i][disabled=false]",
  "role=heading[level=1]",
  "id=a >> data-testid=b",
  "*css=main >> a",
  "css=main>>a",
  "main >> internal:text='Save'i",
  "[title|=i]",
])("takes %s, as the browser does", async (selector) => {
  expect(selectorMistake(selector)).toBeUndefined();
  expect(await isTaken(selector)).toBe(true);
});

test.each([
  ["", 0, "is empty"],
  ["a >> ", 5, "is empty"],
  ["a >", 3, "missing at its end"],
  ["a > > b", 4, "> cannot stand there"],
  ["a,", 2, "missing at its end"],
  ["a)", 1, ") cannot stand there"],
  ["a..b", 2, ". cannot stand there"],
  ["div.1a", 3, "begins with a digit"],
  ["#1a", 0, "begins with a digit"],
  ["1a", 0, "1 cannot stand there"],
  ["a@b", 1, "@ cannot stand there"],
  ["a; b", 1, "; cannot stand there"],
  ["[a]b", 3, "b cannot stand there"],
  ["a[href", 1, "[ is never closed"],
  ["a[href=/x]", 1, "put the value in quotes"],
  ["a[data-id=12]", 1, "put the value in quotes"],
  ["a[@href='x']", 1, "must be a name"],
  ['a[href="x]', 1, "[ is never closed"],
  ["a::before", 1, "not parts of them"],
  ["a:", 2, "missing at its end"],
  ["a:not(b", 5, "( is never closed"],
  ["a:not(b >)", 9, ") cannot stand there"],
  ["a:has-text('b)", 11, "quote is never closed"],
  ["a:contains('b')", 1, "is jQuery's; say :has-text"],
  ["li:eq(1)", 2, "is jQuery's; say >> nth=0"],
  ["a:has-text(b c)", 11, 'must be in quotes: :has-text("…")'],
  ["a:text-is(b)", 10, 'must be in quotes: :text-is("…")'],
  ["a:text('b', 'c')", 7, "must be in quotes"],
  ["a:HAS-TEXT(b)", 11, "must be in quotes"],
  ["a:nth-child(foo)", 12, "takes a number, odd, even"],
  ["a:nth-of-type(2m)", 14, "takes a number"],
  ["a:vissible", 1, "there is no :vissible; did you mean :visible?"],
  ["li:frist-child", 2, "did you mean :first-child?"],
  ["li:nth-chidl(2)", 2, "did you mean :nth-child?"],
  ["a:has-txt('b')", 1, "did you mean :has-text?"],
  ["a:text-matches('(')", 15, "no regular expression: Unterminated group"],
  ["button|a", 6, "| cannot stand there"],
  ["{a}", 0, "{ cannot stand there"],
  ["text=/(/", 5, "no regular expression"],
  ["main >> text=/a/q", 13, "no regular expression"],
  ["role=button[name='a'", 11, "written as role=button"],
  ["role=button[name=/(/]", 11, "no regular expression"],
  ["role=", 5, "written as role=button"],
  ["name=q", 0, 'as an attribute: [name="…"]'],
  ["//a[@href='x'", 3, "[ is never closed"],
  ["//a[@href=x']", 11, "quote is never closed"],
  ["//a[]", 3, "holds nothing"],
  ["//a)", 3, "closes nothing"],
  ["//a[(@b])", 7, "closes nothing"],
  ["//a/", 4, "missing at its end"],
  ["//", 2, "missing at its end"],
  ["//a[@b=='c']", 6, "== is not known; say ="],
  ["//a[@b && @c]", 7, "&& is not known; say and"],
  ["xpath=", 6, "is empty"],
])("refuses %s, as the browser does", async (selector, at, message) => {
  expect(selectorMistake(selector)).toEqual({ at, message: expect.stringContaining(message) });
  expect(await isTaken(selector)).toBe(false);
});

test("refuses nothing that the browser takes", async () => {
  const signs = [
    "a",
    "b",
    "1",
    "-",
    "\\",
    "\\31 ",
    '"',
    "'",
    "`",
    "[",
    "]",
    "(",
    ")",
    ".",
    "#",
    ":",
    "::",
    ",",
    ">",
    " >> ",
    "+",
    "~",
    "*",
    "|",
    "/",
    "//",
  ];
  const words = [
    "=",
    "@",
    "$",
    "^",
    " ",
    "\n",
    "/*",
    "*/",
    "é",
    "text=",
    "role=",
    "button",
    "css=",
    "xpath=",
    ":has(",
    ":not(",
    ":nth-child(",
    "[a=b]",
    "[a='b']",
    " i",
  ];
  const selectors = fc.array(fc.constantFrom(...signs, ...words), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(selectors, async (selector) => {
      if (selectorMistake(selector) !== undefined) expect(await isReadWhole(selector), JSON.stringify(selector)).toBe(false);
    }),
    { numRuns: 500 },
  );
});
