import type { Browser, Locator, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../../../../test/support/chromium.ts";
import type { RecordedCandidate } from "../interaction.ts";
import { createDescriber } from "./describe-element.ts";
import { createNameRules } from "./stable-names.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

type Role = Parameters<Page["getByRole"]>[0];

/** What a candidate finds, as a run looks. */
function find(page: Page, { role, name, label, test_id: testId, placeholder, text, css, exact = false }: RecordedCandidate): Locator {
  if (role !== undefined) return page.getByRole(role as Role, { exact, ...(name !== undefined && { name }) });
  if (label !== undefined) return page.getByLabel(label, { exact });
  if (testId !== undefined) return page.getByTestId(testId);
  if (placeholder !== undefined) return page.getByPlaceholder(placeholder, { exact });
  if (text !== undefined) return page.getByText(text, { exact });
  return page.locator(css ?? "never");
}

/** Describes all elements that match, and names each candidate that does not find its element alone. */
async function look(html: string, selector: string) {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.setContent(html);
  const elements = await page.locator(selector).all();
  const described = [];
  const wrong: unknown[] = [];
  for (const element of elements) {
    const handle = await element.elementHandle();
    const script = `(element) => (${createDescriber})((${createNameRules})())(element)`;
    const found = (await page.evaluate(`(${script})(document.querySelectorAll(${JSON.stringify(selector)})[${described.length}])`)) as {
      label: string;
      candidates: RecordedCandidate[];
    };
    described.push(found);
    for (const candidate of found.candidates) {
      const matches = await find(page, candidate).filter({ visible: true }).all();
      const isIt = await matches[0]?.evaluate((match, wanted) => wanted === match || (wanted?.contains(match) ?? false), handle);
      if (matches.length !== 1 || isIt !== true) wrong.push({ candidate, matches: matches.length });
    }
  }
  return { described, wrong };
}

test("every candidate finds its element alone when Playwright looks for it", async () => {
  const { described, wrong } = await look(
    `<style>.star::before { content: "★ " } .gone { display: none }</style>
     <h1>Save</h1><p>Save all of it</p>
     <button>Save</button> <button>Save all</button> <button class="star">Rate</button> <button><span>Two</span> <b>words</b></button>
     <button class="gone">Rate</button> <button aria-label="Close"><svg></svg></button> <button title="Help">?</button>
     <input type="submit" value="Send"> <input type="submit"> <button aria-labelledby="one two">x</button><i id="one">First</i> <i id="two">second</i>
     <a href="/a">Read</a> <a href="/b">Read more</a> <a href="/c"><img alt="A picture" width="9" height="9" src="data:,"></a>
     <label>Name <input name="name"></label> <label for="other">Name of the ship</label><input id="other"> <input placeholder="Search" type="search">
     <label>Country <select name="country"><option>Crete<option>Argos</select></label> <select size="2" aria-label="Fruit"><option>Fig</select>
     <label><input type="checkbox"> Agree</label> <label><input type="radio" name="r" value="1"> One</label> <label><input type="radio" name="r"> One more</label>
     <textarea aria-label="Note"></textarea> <input type="password" aria-label="Password"> <input type="number" aria-label="Count"> <input list="l" aria-label="City"><datalist id="l"></datalist>
     <ul><li><a href="/1">Open</a></li><li><a href="/2">Open</a></li><li><a href="/3">Open</a></li></ul>
     <div role="button" tabindex="0">Custom <div>block</div></div> <button data-testid="pay">Pay</button> <button data-cy="cy">Pay</button> <details><summary>More of this</summary></details>`,
    "button:not(.gone), input, a, select, textarea, [role=button], summary",
  );
  expect(wrong).toEqual([]);
  expect(described.filter(({ candidates }) => candidates.length === 0)).toEqual([]);
  expect(described[0]?.candidates[0]).toEqual({ role: "button", name: "Save", exact: true });
});

test("ids and classes that are made anew each time are in no candidate", async () => {
  const { described, wrong } = await look(
    `<form id="ember123"><div class="css-1q2w3e4 active"><button id="a1b2c3d4e5">Go</button><button id=":r7:" class="btn is-open"></button></div>
     <div id="550e8400-e29b-41d4-a716-446655440000"><button id="12"></button><button id="radix-3" class="hover:bg"></button><button id="keep"></button></div></form>`,
    "button",
  );
  expect(wrong).toEqual([]);
  const [go, ...others] = described.map(({ candidates }) => candidates);
  expect(go?.slice(0, 2)).toEqual([{ role: "button", name: "Go" }, { text: "Go" }]);
  expect(others.at(-1)?.[0]).toEqual({ css: "#keep" });
  expect(JSON.stringify(described)).not.toMatch(/ember|a1b2|:r7|550e|radix|css-1q|active|is-open|"#12|\\31/);
});

test("elements in open shadow roots are found through them", async () => {
  const page = await browser.newPage();
  await page.setContent("<p>Send</p><x-form></x-form>");
  const found = await page.evaluate(`(() => {
    const root = document.querySelector("x-form").attachShadow({ mode: "open" });
    root.innerHTML = "<label>Subject <input name=subject></label><button>Post</button>";
    const describe = (${createDescriber})((${createNameRules})());
    return [...root.querySelectorAll("input, button")].map((element) => describe(element).candidates);
  })()`);
  expect(found).toMatchObject([
    [{ role: "textbox", name: "Subject" }, { label: "Subject" }, { css: 'input[name="subject"]' }, {}],
    [{ role: "button", name: "Post" }, { text: "Post" }],
  ]);
  await page.close();
});
