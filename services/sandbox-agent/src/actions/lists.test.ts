import { afterAll, beforeAll, expect, test } from "vitest";
import { ActionRoom, roomSecret } from "./action-room.fixture.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const chosen = "[...document.querySelector('select').selectedOptions].map(({ value }) => value).join()";

test.each([
  ["b", "b"],
  ["Second", "b"],
  [["First", "c"], "a,c"],
])("chooses options by value or label: %j", async (value, expected) => {
  await using desk = await room.desk("<select multiple><option value=a>First<option value=b>Second<option value=c>Third</select>");
  await desk.act({ action: "select", selector: "select", params: { value } });
  await expect(desk.active.page.evaluate(chosen)).resolves.toBe(expected);
});

test.each([
  ["<select><option>One<option>Two</select>", "Three", "list has no such option (on about:blank). It has 'One', 'Two'."],
  [
    "<select><option>One<option disabled>Two</select>",
    "Two",
    "list has that option, but it is disabled (on about:blank). It has 'One', 'Two'.",
  ],
  [`<select><option>${roomSecret}</select>`, "Two", "It has '[redacted]'."],
  ["<select><option>One<option>Two</select>", ["One", "Two"], "list takes one option only, and the step names 2."],
  ["<button>One</button>", "One", "button 'One' is no list of options: click it, then the option."],
])("says what a list has instead: %s", async (html, value, message) => {
  await using desk = await room.desk(html);
  const selector = html.startsWith("<button") ? "button" : "select";
  await expect(desk.act({ action: "select", selector, params: { value, timeout_ms: 1_500 } })).rejects.toMatchObject({
    reason: "ACTION_FAILED",
    message: expect.stringContaining(message),
  });
});

test("chooses none of two options that are called the same", async () => {
  await using desk = await room.desk("<select><option>Berlin<option value=1>Paris<option value=2>Paris</select>");
  const select = (value: string) => desk.act({ action: "select", selector: "select", params: { value } });
  await expect(select("Paris")).rejects.toMatchObject({
    reason: "SELECTOR_AMBIGUOUS",
    message: "list has 2 such options (on about:blank): say which by value, '1', '2'.",
  });
  await expect(desk.active.page.evaluate(chosen)).resolves.toBe("Berlin");
  await select("2");
  await expect(desk.active.page.evaluate(chosen)).resolves.toBe("2");
});

test("waits for an option that comes later", async () => {
  await using desk = await room.desk("<select><option>One</select>");
  await desk.active.page.evaluate(() => void setTimeout(() => document.querySelector("select")?.add(new Option("Late")), 300));
  await expect(desk.act({ action: "select", selector: "select", params: { value: "Late" } })).resolves.toEqual({
    did: "Chose an option of list",
  });
});

test("chooses once on a page that is busy with the choice for longer than a second", async () => {
  const busy = "for (const end = performance.now() + 1_500; performance.now() < end; );";
  await using desk = await room.desk(
    `<select oninput="${busy}" onchange="window.told = (window.told ?? 0) + 1"><option>One<option>Two</select>`,
  );
  await desk.act({ action: "select", selector: "select", params: { value: "Two" } });
  await expect(desk.active.page.evaluate("told")).resolves.toBe(1);
});

test("chooses no option that came in the place of the one it had seen", async () => {
  await using desk = await room.desk("<select onchange='window.told = this.value'><option value=0>None<option value=1>Paris</select>");
  const choose = await desk.prepare({ action: "select", selector: "select", params: { value: "Paris", timeout_ms: 1_000 } });
  await desk.active.page.evaluate(() => Object.assign(document.querySelectorAll("option")[1] ?? {}, { text: "Berlin" }));
  await expect(choose()).rejects.toMatchObject({
    reason: "ACTION_TIMED_OUT",
    message: expect.stringContaining("Its options became others meanwhile."),
  });
  await expect(desk.active.page.evaluate("window.told")).resolves.toBeUndefined();
});

const tall = "<style>div { height: 300px; overflow: auto } p { height: 4000px; margin: 0 }</style>";

test("scrolls the page by notches, all the way, and says when it is at its end", async () => {
  await using desk = await room.desk(`${tall}<p>Tall</p>`);
  const top = () => desk.active.page.evaluate("scrollY");
  await expect(desk.act({ action: "scroll", params: { direction: "down", amount: 3 } })).resolves.toEqual({ did: "Scrolled down" });
  await expect(top()).resolves.toBe(600);
  await desk.act({ action: "scroll", params: { direction: "up" } });
  await expect(top()).resolves.toBe(400);
  await desk.act({ action: "scroll", params: { to: "bottom" } });
  await expect(top()).resolves.toBeGreaterThan(3_000);
  await expect(desk.act({ action: "scroll" })).resolves.toEqual({ did: "Scrolled down: it was at its end already" });
});

test("scrolls an element, what lies in the middle of the page, and an element into view", async () => {
  await using desk = await room.desk(
    `${tall}<div style="position:fixed;inset:0;height:auto"><p>Tall</p><b>End</b></div><div id="other"><p></p></div>`,
  );
  const top = (index: number) => desk.active.page.evaluate(`document.querySelectorAll("div")[${index}].scrollTop`);
  await desk.act({ action: "scroll", params: { direction: "down", amount: 2 } });
  await expect(top(0)).resolves.toBe(400);
  await desk.act({ action: "scroll", selector: "#other", params: { direction: "down" } });
  await expect(top(1)).resolves.toBe(200);
  await expect(desk.act({ action: "scroll", selector: "b" })).resolves.toMatchObject({ did: expect.stringContaining("into view") });
  await expect(desk.active.page.locator("b").evaluate((element) => element.getBoundingClientRect().top)).resolves.toBeLessThan(700);
});

const dropping = {
  html5: `<script>
    document.querySelector("b").ondragstart = (event) => event.dataTransfer.setData("text/plain", "moved");
    document.querySelector("i").ondragover = (event) => event.preventDefault();
    document.querySelector("i").ondrop = (event) => { event.preventDefault(); name = event.dataTransfer.getData("text/plain"); };
  </script>`,
  pointer: `<script>
    let from; const b = document.querySelector("b"); b.draggable = false; let steps = 0;
    b.onpointerdown = (event) => { from = event; b.setPointerCapture(event.pointerId); };
    b.onpointermove = (event) => { steps++; };
    b.onpointerup = (event) => { const i = document.querySelector("i").getBoundingClientRect();
      if (from && steps > 3 && event.clientX > i.left && event.clientX < i.right && event.clientY > i.top && event.clientY < i.bottom) name = "moved"; };
  </script>`,
};

test.each(Object.entries(dropping))("drags with %s events", async (_, script) => {
  const look = "<style>b, i { position: absolute; width: 60px; height: 60px } i { left: 300px; top: 200px }</style>";
  await using desk = await room.desk(`${look}<b draggable="true">Thing</b><i>Place</i>${script}`);
  await desk.act({ action: "drag", selector: "b", params: { to: "i" } });
  await expect(desk.active.page.evaluate("name")).resolves.toBe("moved");
});

test("says what is there instead of what it waited for", async () => {
  await using desk = await room.desk("<button hidden>Save order</button>");
  const wait = (params: object) =>
    desk.act({ action: "wait_for", selector: { primary: { text: "Saved" }, fallbacks: ["button"] }, params });
  await expect(wait({ timeout_ms: 500 })).rejects.toMatchObject({
    reason: "ACTION_TIMED_OUT",
    message: "'text 'Saved'', 'button' did not become visible within 0.5 s on about:blank. Found button 'Save order' (hidden) instead.",
  });
  await expect(wait({ state: "attached" })).resolves.toBeDefined();
});

test("waits for an element in whichever frame a candidate names", async () => {
  await using desk = await room.desk(`<iframe srcdoc="<h1>In</h1>"></iframe>`);
  const selector = { primary: "#none", fallbacks: [{ css: "h1", frame: "iframe" }] };
  await expect(desk.act({ action: "wait_for", selector })).resolves.toBeDefined();
});
