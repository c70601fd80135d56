import fc from "fast-check";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../../../../test/support/chromium.ts";
import type { Interaction } from "../interaction.ts";
import { writePlaybook } from "../steps/write-playbook.ts";
import { recordContext } from "./record-context.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const site = "http://site.test";

/** Records what is done in pages of this HTML, at any address of the site; `/file` is a file to keep. */
async function record(
  html: string,
  drive: (page: Page, ended: Promise<void>) => Promise<void>,
  trustsScripts = false,
): Promise<readonly Interaction[]> {
  await using context = await browser.newContext();
  await context.route(`${site}/**`, (route) =>
    route.request().url().endsWith("/file")
      ? route.fulfill({ body: "a,b", headers: { "content-disposition": "attachment; filename=a.csv" } })
      : route.fulfill({ contentType: "text/html", body: html }),
  );
  const recording = await recordContext(context, { trustsScripts });
  const page = await context.newPage();
  await page.goto(`${site}/start`);
  await drive(page, recording.ended);
  const { interactions, warnings } = await recording.finish();
  expect(warnings).toEqual([]);
  return interactions.slice(1);
}

const stepsOf = (interactions: readonly Interaction[]) => {
  const { text } = writePlaybook([{ kind: "goto", url: `${site}/start` }, ...interactions], { id: "a" });
  return text.slice(text.indexOf("steps:")).replaceAll(/\n {6}fallbacks: .*/g, "");
};

test("a typed secret never leaves the page: not from the field, not where it is shown, repeated or echoed", async () => {
  const html = `<label>Password <input type="password" id="p"></label><button id="show" onclick="p.type = 'text'">Show</button>
    <label>Again <input id="again"></label><label>Code <input autocomplete="one-time-code" id="c"></label>
    <button id="echo">-</button><script>p.oninput = () => { echo.textContent = p.value; echo.title = p.value }</script>`;
  const secrets = fc.string({ minLength: 6, maxLength: 30, unit: fc.constantFrom(..."abcXYZ0189 {}\"'<>&\\%+/é漢") });
  await fc.assert(
    fc.asyncProperty(
      secrets.filter((text) => text.trim() === text),
      async (secret) => {
        const interactions = await record(
          html,
          async (page) => {
            await page.locator("#p").fill(secret);
            await page.locator("#show").click();
            for (const field of ["#p", "#again", "#c"]) await page.locator(field).fill(secret);
            await page.locator("#echo").click();
          },
          true,
        );
        expect(JSON.stringify([interactions, stepsOf(interactions)])).not.toContain(JSON.stringify(secret).slice(1, -1));
        expect(interactions.map(({ kind }) => kind)).toEqual([
          "type_secret",
          "click",
          "type_secret",
          "type_secret",
          "type_secret",
          "click",
        ]);
      },
    ),
    { numRuns: 8 },
  );
});

test("what a page's own scripts do is not taken for a person's doing, and they find no way to the recorder", async () => {
  const html = `<button id="a" onclick="b.click(); c.value = 'x'; c.dispatchEvent(new Event('input', { bubbles: true }))">One</button>
    <button id="b">Two</button><input id="c"><script>window.found = Object.keys(window).filter((name) => name.startsWith("record_"))</script>`;
  const interactions = await record(html, async (page) => {
    expect(await page.evaluate("window.found")).toEqual([]);
    await page.locator("#a").click();
  });
  expect(interactions).toMatchObject([{ kind: "click", target: { label: "One" } }]);
});

test("clicks, keys and boxes become the fewest steps that do the same", async () => {
  const html = `<label>Name <input id="n"></label><button ondblclick="1">Twice</button><p id="m" oncontextmenu="return false">Menu here</p>
    <label id="fancy"><input type="checkbox" style="opacity:0;position:absolute;width:0;height:0">Fancy</label><label><input type="checkbox">Plain</label>
    <textarea aria-label="Chat" onkeydown="if (event.key === 'Enter') { event.preventDefault(); this.value = '' }"></textarea>`;
  const interactions = await record(html, async (page) => {
    await page.getByLabel("Name").click();
    await page.keyboard.type("Io");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("da 7");
    await page.getByRole("button").dblclick();
    await page.getByText("Menu here").click({ button: "right" });
    await page.getByText("Fancy").click();
    await page.getByLabel("Plain").click();
    await page.getByLabel("Plain").click();
    await page.getByLabel("Chat").click();
    await page.keyboard.type("Hi");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
  });
  expect(stepsOf(interactions)).toMatchInlineSnapshot(`
    "steps:
      - action: fill
        selector:
          primary: { role: textbox, name: Name }
        params: { text: "{name}" }

      - action: click
        selector:
          primary: { role: button, name: Twice }
        params: { count: 2 }

      - action: click
        selector:
          primary: "#m"
          description: Menu here
        params: { button: right }

      - action: click
        selector:
          primary: "#fancy"
          description: Fancy

      - action: check
        selector:
          primary: { role: checkbox, name: Plain }
        params: { checked: false }

      - action: key_press
        selector:
          primary: { role: textbox, name: Chat }
        params: { text: "{chat}", key: Enter }

      - action: press
        selector:
          primary: { role: textbox, name: Chat }
        params: { key: Escape }
    "
  `);
});

test("what is done to tabs is a step where no click explains it", async () => {
  const html = `<a href="/next">Next</a> <a href="/file">File</a> <a href="/tab" target="_blank">Tab</a> <button onclick="history.pushState(0, '', '/state')">State</button>`;
  const interactions = await record(html, async (page) => {
    await page.getByText("Next").click();
    await page.waitForURL("**/next");
    await page.getByText("State").click();
    await page.waitForURL("**/state");
    const downloaded = page.waitForEvent("download");
    await page.getByText("File").click();
    await downloaded;
    await page.goto(`${site}/typed?token=abc&q=1`);
    const opened = page.waitForEvent("popup");
    await page.getByText("Tab").click();
    const tab = await opened;
    await tab.waitForLoadState();
    await page.getByText("Next").click();
    await page.waitForURL("**/next");
    await tab.getByText("Next").click();
    await tab.waitForURL("**/next");
  });
  expect(stepsOf(interactions)).toMatchInlineSnapshot(`
    "steps:
      - action: click
        selector:
          primary: { role: link, name: Next }
        verify: { expect_url_contains: /next }

      - action: click
        selector:
          primary: { role: button, name: State }
        verify: { expect_url_contains: /state }

      - action: download
        selector:
          primary: { role: link, name: File }

      - action: goto
        params: { url: http://site.test/typed?q=1 }

      - action: click
        selector:
          primary: { role: link, name: Tab }
        verify: { expect_url_contains: /tab }

      - action: switch_tab
        params: {}

      - action: click
        selector:
          primary: { role: link, name: Next }
        verify: { expect_url_contains: /next }

      - action: switch_tab
        params: {}

      - action: click
        selector:
          primary: { role: link, name: Next }
    "
  `);
});

test("Ctrl+Shift+S and the last tab's end both end a recording", async () => {
  await record("<button>Go</button>", async (page, ended) => {
    await page.keyboard.press("Control+Shift+S");
    await ended;
  });
  await record("<button>Go</button>", async (page, ended) => {
    await page.close();
    await ended;
  });
});
