import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { type ActionDesk, ActionRoom, roomSecret } from "./action-room.fixture.ts";

let room: ActionRoom;
let desk: ActionDesk;
beforeAll(async () => {
  room = await ActionRoom.open();
  desk = await room.desk();
});
afterAll(() => room[Symbol.asyncDispose]());

async function extract(html: string, params: object, selector?: unknown) {
  await desk.active.page.setContent(html);
  return await desk.act({ action: "extract", params, ...(selector !== undefined && { selector }) });
}

test.each([
  ["a field", '<input value="abc">', "input", "abc", undefined],
  ["a text area", "<textarea>a\nb</textarea>", "textarea", "a\nb", undefined],
  [
    "the option that is chosen, by its label",
    "<select><option value=1>One<option value=2 selected>Two</select>",
    "select",
    "Two",
    undefined,
  ],
  [
    "several options",
    "<select multiple><option selected>One<option selected>Two<option>Three</select>",
    "select",
    '["One","Two"]',
    ["One", "Two"],
  ],
  ["a box that is checked", "<input type=checkbox checked>", "input", "true", true],
  ["a switch of the page's own", "<div role=switch aria-checked=false>Off</div>", "div", "false", false],
  ["a label's field", "<label>Name <input value=abc></label>", "label", "abc", undefined],
  ["an editable text", "<p contenteditable>abc</p>", "p", "abc", undefined],
  ["a password field, masked", "<input type=password value=12>", "input", "[redacted]", undefined],
])("reads the value of %s", async (_what, html, selector, found, value) => {
  expect(await extract(html, { mode: "value" }, selector)).toMatchObject({ found, ...(value !== undefined && { value }) });
});

test("says that an element without a value is no field", async () => {
  await expect(extract("<p>abc</p>", { mode: "value" }, "p")).rejects.toMatchObject({ message: expect.stringContaining("is no field") });
});

test.each([
  [
    "by header",
    "<table><tr><th>Order<th>State<tr><td>1<td>open<tr><td>2<td>shipped</table>",
    [
      { Order: "1", State: "open" },
      { Order: "2", State: "shipped" },
    ],
  ],
  ["without a header", "<table><tr><td>1<td>open</table>", [["1", "open"]]],
  [
    "with what spans rows and columns in each place",
    "<table><thead><tr><th rowspan=2>Id<th colspan=2>Name<tr><th>First<th>Last</thead><tr><td>1<td colspan=2>Ada</table>",
    [{ Id: "1", "Name First": "Ada", "Name Last": "Ada" }],
  ],
  [
    "with headers that come again, and none",
    "<table><tr><th>A<th>A<th><tr><td>1<td>2<td>3</table>",
    [{ A: "1", "A 2": "2", "column 3": "3" }],
  ],
  [
    "made of roles",
    "<div role=table><div role=row><span role=columnheader>A</span></div><div role=row><span role=cell>1</span></div></div>",
    [{ A: "1" }],
  ],
  ["without rows that do not show", "<table><tr><td>1<tr hidden><td>2</table>", [["1"]]],
])("reads a table %s", async (_how, html, value) => {
  const result = await extract(html, { mode: "table" }, "[role=table], table");
  expect(result.value).toEqual(value);
  expect(JSON.parse(result.found ?? "")).toEqual(value);
});

test("is not led astray by a table whose cells span for ever", async () => {
  const row = `<tr>${"<td colspan=1000 rowspan=65534>x".repeat(50)}`;
  const { value } = await extract(`<table>${row.repeat(50)}</table>`, { mode: "table" }, "table");
  expect(JSON.stringify(value).length).toBeLessThanOrEqual(1_000_000);
});

test("reads every visible match into a list", async () => {
  const html = "<ul><li>One<li hidden>No<li>Two</ul>";
  expect(await extract(html, { all: true }, "li")).toMatchObject({ did: "Read 2 elements", value: ["One", "Two"], found: '["One","Two"]' });
  expect(await extract(html, { all: true }, "b")).toMatchObject({ value: [], found: "[]" });
  expect(await extract(html, { all: true }, { primary: "b", fallbacks: ["li"] })).toMatchObject({ value: ["One", "Two"] });
});

test("reads the first 1,000 of more matches, and says so", async () => {
  const result = await extract("<p>x</p>".repeat(1_200), { all: true }, "p");
  expect(result.value).toHaveLength(1_000);
  expect(result.did).toBe("Read the first 1000 of 1200 elements");
});

test("reads markdown of an element, and of a page without what stands around", async () => {
  await using site = await startSite({
    "/shop/": `<nav><a href="/">Home</a></nav><main><h1>Orders</h1><p>See <a href="new?a=1">the new one</a>, <a href="javascript:x()">run</a>,
      <a href="mailto:a@b">mail</a>, <a href="#top">up</a>.</p><ul><li>One</li></ul><table><tr><th>A<tr><td>1</table><p style="display:none">hidden</p></main>`,
  });
  await desk.active.page.goto(`${site.url}/shop/`);
  const page = await desk.act({ action: "extract", params: { mode: "markdown", timeout_ms: 20_000 } });
  expect(page.found).toBe(`## Orders

See [the new one](${site.url}/shop/new?a=1), run, mail, up.

-   One

| A   |
| --- |
| 1   |`);
  const list = await desk.act({ action: "extract", selector: "nav", params: { mode: "markdown", timeout_ms: 20_000 } });
  expect(list.found).toBe(`[Home](${site.url}/)`);
});

test("[weakness 28] reads what a page cannot override", async () => {
  const lie = `<script>
    for (const [type, name] of [[Element, "outerHTML"], [HTMLElement, "innerText"], [HTMLInputElement, "value"], [HTMLTableElement, "rows"]])
      Object.defineProperty(type.prototype, name, { get: () => "a lie" });
    JSON.stringify = () => '"a lie"';
    Array.prototype.map = () => ["a lie"];
  </script>`;
  await using lying = await room.desk(`${lie}<div><table><tr><td>true</table></div><input value=true>`);
  for (const mode of ["text", "html", "value", "table"]) {
    const { found } = await lying.act({ action: "extract", params: { mode }, selector: mode === "value" ? "input" : "div" });
    expect(found).not.toContain("lie");
    expect(found).toContain("true");
  }
});

test("reads in frames and open shadow roots", async () => {
  const html = `<iframe srcdoc="<input value=framed>"></iframe><div id=host></div>
    <script>host.attachShadow({ mode: "open" }).innerHTML = "<input class=deep value=shadowed>"</script>`;
  expect(await extract(html, { mode: "value" }, { css: "input", frame: "iframe" })).toMatchObject({ found: "framed" });
  expect(await extract(html, { mode: "value" }, ".deep")).toMatchObject({ found: "shadowed" });
});

const passwordPage = `<input type=password id=p value="typed<b&quot;&amp;'x"><input type=text id=t>
  <a id=a data-copy="" href="">link</a><p id=text></p><table><tr><td id=cell></table><div id=host></div>
  <script>{
    const secret = "set-by-script 7&";
    p.value = secret;
    t.value = secret;
    a.href = "/?next=" + encodeURIComponent(secret);
    a.dataset.copy = p.defaultValue + " " + secret;
    text.textContent = cell.textContent = secret + " " + p.defaultValue;
    host.attachShadow({ mode: "open" }).innerHTML = "<input type=password value=in-the-shadow>";
    text.append(" in-the-shadow");
  }</script>`;

test.each([
  ["text", "body"],
  ["html", "body"],
  ["value", "#t"],
  ["markdown", "body"],
  ["table", "table"],
])("never shows what password fields hold: %s", async (mode, selector) => {
  const { found = "", value } = await extract(passwordPage, { mode, timeout_ms: 20_000 }, selector);
  const seen = `${found} ${JSON.stringify(value ?? null)} ${decodeURIComponent(found.replace(/%(?![0-9a-f]{2})/gi, ""))}`
    .replaceAll("&amp;", "&")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<");
  const shown = mode === "html" ? seen.replace(/<script>[\s\S]*<\/script>/, "") : seen;
  for (const secret of ["set-by-script", "typed<b", "in-the-shadow"]) expect(shown).not.toContain(secret);
  expect(found).toContain("[redacted]");
});

test.each(["text", "html", "markdown", "table"])("never shows a credential of the run: %s", async (mode) => {
  const html = `<div><table><tr><td title="${roomSecret}">${roomSecret}<td><a href="/?t=${roomSecret}">x</a></table></div>`;
  const { found, value } = await extract(html, { mode, timeout_ms: 20_000 }, "div");
  expect(`${found}${JSON.stringify(value)}`).not.toContain(roomSecret);
});
