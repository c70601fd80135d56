import { bindStep } from "@clew/playbook/bind-step";
import { type Candidate, candidateSchema } from "@clew/playbook/schema/candidate";
import fc from "fast-check";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toLocator } from "../actions/to-locator.ts";
import { launchBareBrowser } from "../browser/bare-browser.fixture.ts";
import { registerReader } from "../observation/reader.ts";

let browser: Browser;
let page: Page;

beforeAll(async () => {
  await registerReader();
  browser = await launchBareBrowser();
  page = await browser.newPage();
});
afterAll(() => browser.close());

/** Makes a page with one element of each kind that has the value, and others that do not. */
async function show(value: string): Promise<void> {
  await page.evaluate((text) => {
    document.body.replaceChildren();
    for (const [id, words] of [
      ["", text],
      ["-longer", `${text}a`],
      ["-other", "another"],
    ]) {
      const add = (tag: string, name: string, attribute?: string) => {
        const element = document.createElement(tag);
        element.id = name + id;
        if (attribute === undefined) element.textContent = words ?? "";
        else element.setAttribute(attribute, words ?? "");
        document.body.append(element);
        return element;
      };
      add("button", "named", "aria-label");
      add("input", "held", "placeholder");
      add("img", "pictured", "alt");
      add("p", "titled", "title");
      add("p", "tested", "data-testid");
      add("p", "shown");
      const label = add("label", "label");
      label.setAttribute("for", `labelled${id}`);
      label.textContent = `of ${words}`;
      add("input", "labelled", "value");
    }
  }, value);
}

const nasty = fc
  .string({ unit: fc.constantFrom(..."\"'\\[]()<>{}/*^$.|=~#:,;@%&!?+-_ aAé1€"), minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/\s+/g, " ").trim())
  .filter((text) => text !== "");

async function findsOnly(written: unknown, id: string, value: string, mayRefuse: boolean): Promise<void> {
  const candidate: Candidate = candidateSchema.parse(written);
  const bound = bindStep({ selector: candidate }, new Map([["x", value]]));
  if (!("step" in bound)) {
    expect(mayRefuse, `${JSON.stringify(value)} was refused`).toBe(true);
    return;
  }
  await show(value);
  const found = await toLocator(page, bound.step.selector).evaluateAll((elements) => elements.map((element) => element.id));
  expect(found).toEqual([id]);
}

test.each([
  [{ role: "button", name: "{x}" }, "named", false],
  [{ placeholder: "{x}" }, "held", false],
  [{ alt_text: "{x}" }, "pictured", false],
  [{ title: "{x}" }, "titled", false],
  [{ test_id: "{x}" }, "tested", false],
  [{ text: "{x}" }, "shown", false],
  [{ label: "of {x}" }, "labelled", false],
  [{ css: 'p[title="{x}"]' }, "titled", false],
  [{ css: "p[title='{x}']" }, "titled", false],
  [{ selector: 'p:text-is("{x}")' }, "shown", false],
  [{ selector: 'role=button[name="{x}"s]' }, "named", false],
  [{ selector: '[title="{x}"] >> xpath=.' }, "titled", false],
  [{ xpath: '//p[@title="{x}"]' }, "titled", true],
  [{ xpath: 'descendant::p[@title="{x}"]' }, "titled", true],
  [{ xpath: "descendant::p[@title='{x}']" }, "titled", true],
  [{ css: "p[id^=shown]", has_text: "{x}" }, "shown", false],
  [{ css: "#tested", within: { css: 'body:has([data-testid="{x}"])' } }, "tested", false],
] as const)("[weakness 36] finds the element that has the value, whatever the value, and no other: %j", async (written, id, mayRefuse) => {
  await fc.assert(
    fc.asyncProperty(nasty, (value) => findsOnly(written, id, value, mayRefuse)),
    { numRuns: 25, examples: [['" >> body'], ["/.*/"], ["a\\"], ["{x}"], ['"a"i'], ["a&b"]] },
  );
});
