import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { bindCredentials } from "../guardrails/bound-credentials.ts";
import { ActionRoom, roomSecret } from "./action-room.fixture.ts";

let room: ActionRoom;
let site: Site;
/** Another origin: the same server by its other name. */
const otherUrl = () => site.url.replace("127.0.0.1", "localhost");
const form = '<input name="pin"><select><option value="">-<option value="hunter2-hunter2">one</select>';
/** Every kind of frame there is, by its id: each takes a process, so that a page shows the one that is asked for, or all. */
const frames = () => ({
  other: `<iframe id="other" src="${otherUrl()}/form"></iframe>`,
  own: `<iframe id="own" src="/form"></iframe>`,
  written: `<iframe id="written" srcdoc='${form}'></iframe>`,
  blank: `<iframe id="blank"></iframe>
    <script>document.getElementById("blank").contentDocument.body.innerHTML = '<input name="pin">';</script>`,
  kept: `<iframe id="kept" sandbox="allow-scripts" src="/form"></iframe>`,
  "kept-written": `<iframe id="kept-written" sandbox="allow-scripts" srcdoc='${form}'></iframe>`,
});
beforeAll(async () => {
  room = await ActionRoom.open();
  site = await startSite({
    "/": ({ url = "" }) => {
      const asked = new URL(url, site.url).searchParams.get("frame");
      const shown = Object.entries(frames()).filter(([id]) => asked === null || asked === `#${id}`);
      return form + shown.map(([, html]) => html).join("\n");
    },
    "/form": form,
    "/around": () => `<input name="pin"><iframe id="thief" src="${otherUrl()}/thief"></iframe>`,
    "/thief": `<input><script>
      const grasp = () => { document.querySelector("input").focus(); setTimeout(grasp, 0); };
      grasp();
    </script>`,
    "/ask": "<button onclick=\"document.title = prompt('The pin?') ?? 'nothing'\">Ask</button>",
  });
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** Notes each key, click and change in `window.seen`. */
const noting = `<script>window.seen = [];
for (const type of ["keydown", "click", "dblclick", "contextmenu", "auxclick", "change", "mouseover"]) addEventListener(type, (event) =>
  seen.push([type, event.key ?? event.button ?? "", event.ctrlKey ? "ctrl" : "", event.shiftKey ? "shift" : ""].filter((word) => word !== "").join(" ")), true);
</script>`;

test("fills a field with a text, instead of what it held, and never tells it", async () => {
  await using desk = await room.desk('<label>Name <input value="old"></label>');
  const result = await desk.act({ action: "fill", selector: { label: "Name" }, params: { text: "Ariadne" } });
  expect(result).toEqual({ did: "Filled field 'Name' with text" });
  await expect(desk.active.page.inputValue("input")).resolves.toBe("Ariadne");
});

test("fills a credential into a field that shows dots from then on", async () => {
  await using desk = await room.desk('<input name="pin">');
  const result = await desk.act({ action: "fill", selector: "input", params: { credential_ref: "password" } });
  expect(result.did).toBe("Filled field 'pin' with credential 'password'");
  await expect(desk.active.page.inputValue("input")).resolves.toBe(roomSecret);
  await expect(
    desk.active.page.locator("input").evaluate((input) => getComputedStyle(input).getPropertyValue("-webkit-text-security")),
  ).resolves.toBe("disc");
});

test.each(["fill", "key_press"])("shows dots for a text that holds a secret: %s", async (action) => {
  await using desk = await room.desk("<input autofocus>");
  await desk.act({ action, selector: "input", params: { text: `user:${roomSecret}` } });
  await expect(
    desk.active.page.locator("input").evaluate((input) => getComputedStyle(input).getPropertyValue("-webkit-text-security")),
  ).resolves.toBe("disc");
});

test("says that it was not given a credential, before anything is touched", async () => {
  await using desk = await room.desk("<input>");
  await expect(desk.prepare({ action: "fill", selector: "input", params: { credential_ref: "toString" } })).rejects.toMatchObject({
    reason: "AUTHENTICATION_FAILED",
    message: "The run was given no credential 'toString'.",
  });
});

test("presses keys in an element, or where the focus is", async () => {
  await using desk = await room.desk(`${noting}<input autofocus><textarea></textarea>`);
  await desk.act({ action: "press", selector: "textarea", params: { key: "Control+A" } });
  await expect(desk.act({ action: "press", params: { key: "Shift+Tab" } })).resolves.toEqual({ did: "Pressed Shift+Tab" });
  await expect(desk.active.page.evaluate("document.activeElement.tagName")).resolves.toBe("INPUT");
  await expect(desk.act({ action: "press", params: { key: "Nope" } })).rejects.toMatchObject({ reason: "ACTION_FAILED", message: /Nope/ });
});

test("types where the focus is, then presses a key", async () => {
  await using desk = await room.desk("<textarea autofocus></textarea>");
  // A page gives its first focus once it has been drawn.
  await desk.active.page.locator("textarea:focus").waitFor();
  const text = "a b ".repeat(30);
  await expect(desk.act({ action: "key_press", params: { text, key: "Enter" } })).resolves.toEqual({ did: "Typed text and pressed Enter" });
  await expect(desk.active.page.inputValue("textarea")).resolves.toBe(`${text}\n`);
});

test.each(["checkbox", "radio"])("checks a %s once, and leaves one alone that is checked", async (type) => {
  await using desk = await room.desk(`${noting}<label><input type="${type}"> Agreed</label>`);
  const check = { action: "check", selector: { label: "Agreed" } };
  await expect(desk.act(check)).resolves.toMatchObject({ did: expect.stringContaining("Checked ") });
  await desk.act(check);
  await expect(desk.active.page.isChecked("input")).resolves.toBe(true);
  await expect(desk.active.page.evaluate("seen.filter((what) => what === 'change').length")).resolves.toBe(1);
});

test("unchecks, and says why a radio button cannot be", async () => {
  await using desk = await room.desk('<input type="checkbox" checked><input type="radio" checked>');
  await desk.act({ action: "check", selector: "[type=checkbox]", params: { checked: false } });
  await expect(desk.active.page.isChecked("[type=checkbox]")).resolves.toBe(false);
  await expect(desk.act({ action: "check", selector: "[type=radio]", params: { checked: false, timeout_ms: 2_000 } })).rejects.toThrow(
    /Unchecking radio .*Radio buttons can only be/,
  );
});

test("clicks with another button, several times, and with keys held", async () => {
  await using desk = await room.desk(`${noting}<button>Go</button>`);
  const click = (params: object) => desk.act({ action: "click", selector: "button", params });
  await expect(click({ button: "right" })).resolves.toEqual({ did: "Clicked button 'Go' with the right button" });
  await expect(click({ button: "middle" })).resolves.toBeDefined();
  await expect(click({ count: 2 })).resolves.toEqual({ did: "Clicked button 'Go' 2 times" });
  await expect(click({ modifiers: ["Control", "Shift"] })).resolves.toEqual({ did: "Clicked button 'Go' holding Control and Shift" });
  const seen = await desk.active.page.evaluate<string[]>("seen");
  expect(seen.filter((what) => /click|menu/.test(what) && !what.startsWith("auxclick 2"))).toEqual([
    "contextmenu 2",
    "auxclick 1",
    "click 0",
    "click 0",
    "dblclick 0",
    "click 0 ctrl shift",
  ]);
});

test("hovers over an element, and stays there", async () => {
  await using desk = await room.desk("<style>i { display: none } b:hover + i { display: inline }</style><b>Menu</b><i>Entry</i>");
  await expect(desk.act({ action: "hover", selector: "b" })).resolves.toMatchObject({ did: expect.stringContaining("Hovered over") });
  await expect(desk.active.page.isVisible("i")).resolves.toBe(true);
});

test.each([
  ["<button disabled>Save</button>", "timed out after 2 s (on about:blank). The element is disabled."],
  [
    `<button>Save</button><div id="veil" title="${roomSecret}" style="position:fixed;inset:0"></div>`,
    `Another element covers it: <div id="veil" title="[redacted]">`,
  ],
])("says why an element cannot be clicked: %s", async (html, message) => {
  await using desk = await room.desk(html);
  await expect(desk.act({ action: "click", selector: "button", params: { timeout_ms: 2_000 } })).rejects.toMatchObject({
    reason: "ACTION_TIMED_OUT",
    message: expect.stringContaining(message),
  });
});

describe("a credential that is for some origins", () => {
  const boundTo = (origin: string) => ({ bound: bindCredentials({ password: roomSecret }, [origin]) });
  const blocked = { reason: "GUARDRAIL_BLOCKED", details: { rule: "credential_origins" } };
  const own = () => site.url;

  test.each<[place: string, frame: string[], origin: () => string, isGiven: boolean]>([
    ["the page, which it is for", [], own, true],
    ["the page, which it is not for", [], otherUrl, false],
    ["another's frame, on a page that it is for", ["#other"], own, false],
    ["another's frame, which it is for, on a page that it is not for", ["#other"], otherUrl, true],
    ["a frame of the page's own", ["#own"], own, true],
    ["a frame that the page wrote", ["#written"], own, true],
    ["a frame that has no address", ["#blank"], own, false],
    ["a frame that is kept from its origin", ["#kept"], own, false],
    ["what the page wrote and keeps from its origin", ["#kept-written"], own, false],
  ])("is typed in %s, as its frame may have it", async (_place, frame, origin, isGiven) => {
    await using desk = await room.desk("", boundTo(origin()));
    const [only] = frame;
    await desk.active.page.goto(only === undefined ? site.url : `${site.url}/?${new URLSearchParams({ frame: only })}`);
    const scope = frame.reduce<Pick<typeof desk.active.page, "locator" | "frameLocator">>(
      (on, one) => on.frameLocator(one),
      desk.active.page,
    );
    const field = scope.locator("input");
    const selector = (css: string) => ({ css, frame });
    const typings = [
      { action: "fill", selector: selector("input"), params: { credential_ref: "password" } },
      { action: "key_press", selector: selector("input"), params: { text: `my ${roomSecret}` } },
      { action: "key_press", params: { credential_ref: "password", timeout_ms: 20_000 } },
    ];
    for (const step of typings) {
      await field.fill("");
      await field.focus();
      if (isGiven) await desk.act(step);
      else await expect(desk.act(step)).rejects.toMatchObject(blocked);
      expect(await field.inputValue()).toEqual(isGiven ? expect.stringContaining(roomSecret) : "");
    }
  });

  test("is chosen in a frame that it is for, and in no other", async () => {
    await using desk = await room.desk("", boundTo(site.url));
    await desk.active.page.goto(site.url);
    const choose = (frame: string) => desk.act({ action: "select", selector: { css: "select", frame }, params: { value: roomSecret } });
    await expect(choose("#own")).resolves.toBeDefined();
    await expect(choose("#other")).rejects.toMatchObject(blocked);
    await expect(desk.active.page.frameLocator("#other").locator("select").inputValue()).resolves.toBe("");
  });

  test.each(["fill", "key_press"])("is typed where it is for, while another origin's frame grasps at the focus: %s", async (action) => {
    await using desk = await room.desk("", boundTo(site.url));
    await desk.active.page.goto(`${site.url}/around`);
    const thief = desk.active.page.frameLocator("#thief").locator("input");
    await thief.waitFor();
    for (let time = 0; time < 5; time++) {
      await desk.act({ action, selector: { css: "input[name=pin]" }, params: { credential_ref: "password" } });
      await expect(desk.active.page.inputValue("[name=pin]")).resolves.toBe(roomSecret);
      await expect(thief.inputValue()).resolves.toBe("");
    }
    const typing = desk.act({ action: "key_press", params: { credential_ref: "password" } });
    await typing.catch((thrown: unknown) =>
      expect(thrown).toMatchObject({ reason: expect.stringMatching(/^(GUARDRAIL_BLOCKED|ACTION_FAILED)$/) }),
    );
    await expect(thief.inputValue()).resolves.toBe("");
  });

  test("is typed in the element that was judged, or in none, where the page changes meanwhile", async () => {
    await using desk = await room.desk("", boundTo(site.url));
    await desk.active.page.goto(`${site.url}/form`);
    const perform = await desk.prepare({ action: "fill", selector: "input", params: { credential_ref: "password" } });
    await desk.active.page.goto(`${otherUrl()}/form`);
    await expect(perform()).rejects.toMatchObject(blocked);
    await expect(desk.active.page.inputValue("input")).resolves.toBe("");
  });

  test("does not count as typed where the focus takes no text", async () => {
    await using desk = await room.desk("", boundTo(site.url));
    await desk.active.page.goto(`${site.url}/form`);
    const type = () => desk.act({ action: "key_press", params: { credential_ref: "password" } });
    await expect(type()).rejects.toMatchObject({ reason: "ACTION_FAILED", message: expect.stringContaining("did not take the text") });
    await desk.active.page.focus("input");
    await expect(type()).resolves.toBeDefined();
  });

  test("is answered to a page that it is for, and to none that asks in its place", async () => {
    await using desk = await room.desk("", boundTo(site.url));
    const ask = async (url: string) => {
      await desk.active.page.goto(`${site.url}/ask`);
      await desk.act({ action: "handle_dialog", params: { accept: true, text: roomSecret } });
      await desk.active.page.goto(`${url}/ask`);
      const { did } = await desk.act({ action: "click", selector: "button", params: {} });
      return { did, title: await desk.active.page.title() };
    };
    expect(await ask(site.url)).toMatchObject({ title: roomSecret });
    expect(await ask(otherUrl())).toMatchObject({
      title: "nothing",
      did: expect.stringContaining("dismissed: the answer holds a credential that is not for its page"),
    });
  });
});
