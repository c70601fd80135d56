import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { ActionRoom, roomSecret } from "./action-room.fixture.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const click = { action: "click", selector: "button" };

const tabs = {
  "/": `<title>First</title><button onclick="window.open('/two'); window.open('/three')">Open</button>`,
  "/two": "<title>Second</title><h1>2</h1>",
  "/three": "<title>Third</title><h1>3</h1>",
};

test("acts on the tab that was opened last, on one that is switched to, and falls back when that closes", async () => {
  await using site = await startSite(tabs);
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: site.url } });
  await desk.act(click);
  await expect.poll(() => desk.active.pages.length).toBe(3);
  await expect(desk.act({ action: "switch_tab", params: { title_contains: "Second" } })).resolves.toEqual({
    did: `Switched to 'Second' (${site.url}/two)`,
  });
  await expect(desk.act({ action: "wait_for", selector: "text=2" })).resolves.toBeDefined();
  await desk.act({ action: "switch_tab", params: { index: 0 } });
  await desk.act({ action: "switch_tab", params: { url_contains: "/three" } });
  await expect(desk.act({ action: "close_tab" })).resolves.toEqual({ did: `Closed 'Third' (${site.url}/three)` });
  expect(desk.active.url).toBe(`${site.url}/`);
  await desk.act({ action: "switch_tab", params: {} });
  expect(desk.active.url).toBe(`${site.url}/two`);
  await desk.act({ action: "close_tab", params: { index: 0 } });
  await expect(desk.act({ action: "close_tab" })).rejects.toMatchObject({
    reason: "ACTION_FAILED",
    message: expect.stringContaining("The last tab"),
  });
});

test("lists the tabs there are where none, or more than one, is meant", async () => {
  await using site = await startSite(tabs);
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: site.url } });
  await desk.act(click);
  await expect.poll(() => desk.active.pages.length).toBe(3);
  await expect(desk.act({ action: "switch_tab", params: {} })).rejects.toThrow("There are 2 other tabs: say which");
  await expect(desk.act({ action: "switch_tab", params: { url_contains: "127.0.0.1" } })).rejects.toThrow(
    `3 tabs are so. Open are 0: 'First' (${site.url}/); 1: 'Second' (${site.url}/two); 2: 'Third' (${site.url}/three).`,
  );
});

test("opens a page again where the last one closed itself", async () => {
  await using site = await startSite({ "/": "<h1>Home</h1>" });
  await using desk = await room.desk();
  await desk.active.page.close();
  await expect(desk.act({ action: "wait_for", selector: "h1" })).rejects.toThrow("left none to act on");
  await expect(desk.act({ action: "goto", params: { url: site.url } })).resolves.toMatchObject({ did: `Opened ${site.url}/ (status 200)` });
});

test("says where an address led to, when that is not where it was", async () => {
  await using site = await startSite({
    "/old": (_request, response) => void response.writeHead(302, { location: "/new?session=1" }).end(),
    "/new": "<h1>New</h1>",
  });
  await using desk = await room.desk();
  await expect(desk.act({ action: "goto", params: { url: `${site.url}/old?q=1` } })).resolves.toEqual({
    did: `Opened ${site.url}/old, which led to ${site.url}/new (status 200)`,
  });
});

test("keeps twenty pages of a storm, and says that others were closed", async () => {
  await using desk = await room.desk(
    `<button onclick="for (let i = 0; i < 30; i++) window.open('about:blank')">Storm</button><h1>Calm</h1>`,
  );
  const [home] = desk.active.pages;
  await desk.act({ ...click, params: { timeout_ms: 20_000 } });
  await expect.poll(() => desk.active.context.pages().length, { timeout: 20_000 }).toBe(20);
  expect(desk.active.pages).toHaveLength(20);
  await desk.act({ action: "switch_tab", params: { index: 0 } });
  expect(desk.active.page).toBe(home);
});

test.each([
  ["alert", "seen()", "an alert said", "accepted"],
  ["confirm", "no()", "a confirmation said", "dismissed"],
  ["prompt", "null()", "a prompt said", "dismissed"],
])("answers an %s by itself, and says what it said without secrets", async (kind, answer, words, done) => {
  await using desk = await room.desk(
    `<button onclick="const said = ${kind}('About ${roomSecret}'); window.name = (said === true ? 'yes' : said === false ? 'no' : said ?? (said === null ? 'null' : 'seen')) + '()'">Ask</button>`,
  );
  await expect(desk.act(click)).resolves.toEqual({ did: `Clicked button 'Ask'; ${words} 'About [redacted]' and was ${done}` });
  await expect(desk.active.page.evaluate("name")).resolves.toBe(answer);
});

test("answers the next dialog as it was told, and only that one", async () => {
  await using desk = await room.desk(`<button onclick="window.name = prompt('Who?') + '/' + confirm('Sure?')">Ask</button>`);
  await expect(desk.act({ action: "handle_dialog", params: { accept: true, text: "Ariadne" } })).resolves.toEqual({
    did: "The next dialog will be accepted",
  });
  const { did } = await desk.act(click);
  expect(did).toBe("Clicked button 'Ask'; a prompt said 'Who?' and was accepted; a confirmation said 'Sure?' and was dismissed");
  await expect(desk.active.page.evaluate("name")).resolves.toBe("Ariadne/false");
});

test("answers as it was told for the next action only, whatever alerts come, and says where no dialog came", async () => {
  await using site = await startSite({
    "/": `<button id="calm">Calm</button><button id="wipe" onclick="if (confirm('Wipe everything?')) fetch('/wiped', { method: 'POST' })">Wipe</button>
      <button id="late" onclick="alert('Wait'); setTimeout(() => confirm('Sure?') && fetch('/sure', { method: 'POST' }), 200)">Late</button>`,
    "/wiped": "",
    "/sure": "",
  });
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: site.url } });
  const clickOn = (selector: string) => desk.act({ action: "click", selector });
  const accept = { action: "handle_dialog", params: { accept: true } };
  await desk.act(accept);
  await expect(clickOn("#calm")).resolves.toEqual({
    did: "Clicked button 'Calm'; no dialog came, and the answer for one counts no longer",
  });
  await expect(clickOn("#wipe")).resolves.toMatchObject({ did: expect.stringContaining("'Wipe everything?' and was dismissed") });
  await desk.act(accept);
  await expect(clickOn("#late")).resolves.toEqual({
    did: "Clicked button 'Late'; an alert said 'Wait' and was accepted; a confirmation said 'Sure?' and was accepted",
  });
  await expect.poll(() => site.asked).toContain("POST /sure");
  expect(site.asked).not.toContain("POST /wiped");
});

test("says why a page was not left, and leaves it when told so", async () => {
  await using site = await startSite({
    "/": "<input><script>onbeforeunload = (event) => event.preventDefault()</script>",
    "/next": "<h1>Next</h1>",
  });
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: site.url } });
  await desk.act({ action: "key_press", selector: "input", params: { text: "x", key: "y" } });
  const next = { action: "goto", params: { url: `${site.url}/next` } };
  await expect(desk.act(next)).rejects.toMatchObject({
    reason: "NAVIGATION_FAILED",
    message: expect.stringContaining("Meanwhile the page asked before it was left and was dismissed."),
  });
  await desk.act({ action: "handle_dialog", params: { accept: true } });
  await expect(desk.act(next)).resolves.toMatchObject({ did: expect.stringContaining("Opened") });
});

test("ends a storm of dialogs by closing the page", async () => {
  await using desk = await room.desk("<button onclick=\"for (;;) alert('again')\">Storm</button>");
  await expect(desk.act({ ...click, params: { timeout_ms: 20_000 } })).rejects.toMatchObject({
    message: expect.stringMatching(
      /Meanwhile the page showed more than \d+ dialogs and was closed; (an alert said 'again' and was accepted(; )?){5}; and \d+ more\./,
    ),
  });
  expect(desk.active.isOpen).toBe(false);
});

test("goes back, says where there is nothing to go back to, and loads again", async () => {
  let visits = 0;
  await using site = await startSite({ "/": "<h1>One</h1>", "/two": () => `<h1>Two</h1>${++visits}` });
  await using desk = await room.desk();
  await expect(desk.act({ action: "go_back" })).rejects.toThrow("There is no page to go back to from about:blank.");
  await desk.act({ action: "goto", params: { url: site.url } });
  await desk.act({ action: "goto", params: { url: `${site.url}/two?q=1` } });
  await expect(desk.act({ action: "reload" })).resolves.toEqual({ did: `Loaded ${site.url}/two again (status 200)` });
  expect(visits).toBe(2);
  await expect(desk.act({ action: "go_back" })).resolves.toEqual({ did: `Went back to ${site.url}/` });
});

test("lets a page in the background crash, and goes on without it", async () => {
  await using desk = await room.desk("<h1>Home</h1>");
  const [home] = desk.active.pages;
  const other = await desk.active.context.newPage();
  await desk.act({ action: "switch_tab", params: { index: 0 } });
  void other.goto("chrome://crash").catch(() => {});
  await expect.poll(() => desk.active.pages.length, { timeout: 10_000 }).toBe(1);
  expect(desk.active.page).toBe(home);
  await expect(desk.act({ action: "hover", selector: "h1" })).resolves.toMatchObject({
    did: expect.stringContaining("a page in the background crashed and was closed"),
  });
});
