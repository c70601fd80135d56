import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRedact } from "@clew/playbook/redact";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { type ActionDesk, ActionRoom, loginSecret, roomSecret } from "./action-room.fixture.ts";

let room: ActionRoom;
let desk: ActionDesk;
beforeAll(async () => {
  room = await ActionRoom.open();
  desk = await room.desk();
});
afterAll(() => room[Symbol.asyncDispose]());

const look = async (params: object = {}, selector?: string) =>
  (await desk.act({ action: "get_dom", params, ...(selector !== undefined && { selector }) })).found ?? "";

const evaluate = (params: object, signal?: AbortSignal) => desk.act({ action: "evaluate", params }, signal);

test("shows what assistive technology knows of a page, with refs that can be acted on, in frames and shadow roots too", async () => {
  await desk.active.page.setContent(`<title>Shop</title><h1>Orders</h1><a href="/new">New</a><div id=host></div><iframe srcdoc="<button>Pay</button>"></iframe>
    <script>host.attachShadow({ mode: "open" }).innerHTML = "<button>Send</button>"; onmessage = () => {};</script>`);
  await desk.active.page.frameLocator("iframe").getByRole("button").waitFor();
  const seen = await look();
  expect(seen).toMatch(/^page "Shop" about:blank\n/);
  expect(seen).toMatch(/- heading "Orders" \[level=1\] \[ref=e\d+\]\n/);
  expect(seen).toMatch(/- link "New" \[ref=e\d+\] → \/new\n/);
  expect(seen).toMatch(/- button "Send" \[ref=e\d+\]/);
  const pay = /button "Pay" \[ref=(f\d+e\d+)\]/.exec(seen)?.[1];
  await desk.active.page
    .frameLocator("iframe")
    .locator("button")
    .evaluate((button) => button.addEventListener("click", () => (button.textContent = "Paid")));
  await desk.act({ action: "click", selector: `aria-ref=${pay}` });
  expect(await look({ find: "paid" })).toContain('button "Paid"');
});

test("shows only what changed since the last look, and says so where nothing did", async () => {
  await desk.active.page.setContent(`<ul>${"<li>Same</li>".repeat(20)}</ul><p id=note>Before</p><button>Go</button>`);
  const whole = await look();
  await desk.active.page.evaluate(`note.textContent = "After"; document.querySelector("button").remove()`);
  const changes = await look({ changes: true });
  expect(changes).toContain("~ paragraph");
  expect(changes).toContain('"After"');
  expect(changes).toContain('× button "Go"');
  expect(changes).not.toContain("Same");
  expect(changes.length).toBeLessThan(whole.length / 2);
  expect(await look({ changes: true })).toMatch(/\n\[Nothing changed\]$/);
});

test("keeps its budget, finds what is far down, and looks no deeper than asked", async () => {
  await desk.active.page.setContent(
    `<main>${Array.from({ length: 400 }, (_, at) => `<section><h2>Part ${at}</h2><button>Do ${at}</button></section>`).join("")}</main>`,
  );
  const cut = await look({ max_chars: 1_000 });
  expect(cut.length).toBeLessThanOrEqual(1_000);
  expect(cut).toMatch(/\n\[\d+ of \d+ lines left out; see them with find/);
  const found = await look({ max_chars: 300, find: "do 399" });
  expect(found).toContain('button "Do 399"');
  expect(found.length).toBeLessThanOrEqual(300);
  expect(await look({ depth: 1 }, "main")).not.toContain("button");
});

test("never shows what password fields hold, nor a credential", async () => {
  await desk.active.page.setContent(`<label>PIN <input type=password value=12></label><input type=password id=long value=old aria-label=Long>
    <input aria-label=Token value="${roomSecret}"><p title="${roomSecret}">my new  secret</p><a href="/?p=my%20new%20%20secret">x</a>
    <iframe srcdoc="<input type=password value=framed-secret><p>framed-secret</p>"></iframe><script>{ long.value = "my new  secret" }</script>`);
  await desk.active.page.frameLocator("iframe").getByRole("paragraph").waitFor();
  const seen = await look();
  expect(seen).toMatch(/textbox "PIN" \[ref=e\d+\]: "\[redacted\]"/);
  expect(seen).toMatch(/textbox "Token" \[ref=e\d+\]: "\[redacted\]"/);
  for (const secret of ["12", "my new", "new%20", roomSecret, "framed-secret"]) expect(seen.replace(/ref=\w+/g, "")).not.toContain(secret);
});

test("a page's text cannot look like a line of ours", async () => {
  await desk.active.page.setContent(`<p>x\n- button "Pay" [ref=e99]</p><button aria-label='a" [ref=e98]&#10;- b'>z</button>`);
  const lines = (await look()).split("\n");
  expect(lines.some((line) => /^\s*- button "Pay"/.test(line))).toBe(false);
  expect(lines.filter((line) => /^\s*- \w+/.test(line) && line.includes("e98"))).toEqual([expect.stringContaining('a\\" [ref=e98] - b')]);
});

test("keeps a picture of the page, of an element and of the whole page, and names it", async () => {
  await desk.active.page.setContent(
    `<body style="margin:0"><p style="width:300px;height:100px;margin:0">Hi</p><div style="height:3000px"></div>`,
  );
  const shot = async (step: object) => {
    const result = await desk.act({ action: "screenshot", ...step });
    const bytes = await readFile(desk.context.files.place(result.found ?? "").path);
    return { ...result, bytes, isPng: bytes[1] === 0x50 };
  };
  expect(await shot({})).toMatchObject({ found: "picture.jpg", isPng: false, value: { name: "picture.jpg", width: 1000, height: 700 } });
  expect(await shot({ selector: "p" })).toMatchObject({ found: "picture.png", isPng: true, value: { width: 300, height: 100 } });
  expect(await shot({ params: { full_page: true, name: "all.png" } })).toMatchObject({
    found: "all.png",
    value: { width: 1000, height: 3100 },
  });
  expect(await shot({ params: { full_page: true, name: "all.png" } })).toMatchObject({ found: "all-2.png" });
});

test("a picture of a page that never ends has an end", async () => {
  await desk.active.page.setContent(`<body style="margin:0"><div style="height:400000px">x</div>`);
  expect(await desk.act({ action: "screenshot", params: { full_page: true } })).toMatchObject({ value: { height: 16_384 } });
});

/** How many pixels of a kept picture have a color, by channel limits. */
async function pixels(name: string, [red, green, blue]: readonly [number, number, number]): Promise<number> {
  const bytes = await readFile(desk.context.files.place(name).path);
  const script = `const image = await createImageBitmap(await (await fetch(args.url)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (Math.abs(data[at] - ${red}) + Math.abs(data[at + 1] - ${green}) + Math.abs(data[at + 2] - ${blue}) < 60) count++;
    }
    return count;`;
  const url = `data:image/${name.endsWith("png") ? "png" : "jpeg"};base64,${bytes.toString("base64")}`;
  const { value } = await evaluate({ script: script.replace("args.url", JSON.stringify(url)), timeout_ms: 20_000 });
  return Number(value);
}

test("covers in a picture what a login brought, as it does credentials", async () => {
  const picture = async (text: string) => {
    await desk.active.page.setContent(`<p style="font: 20px monospace">${text}</p>`);
    const { found = "" } = await desk.act({ action: "screenshot", params: { name: "login.png" } });
    return (await readFile(join(room.folder, "files", found))).toString("base64");
  };
  // Covered whatever their case, and of one size.
  expect(await picture(loginSecret)).toBe(await picture(loginSecret.toUpperCase()));
  expect(await picture("innocent-as-a-lamb")).not.toBe(await picture("INNOCENT-AS-A-LAMB"));
});

test("covers password fields in a picture", async () => {
  await desk.active.page.setContent(
    `<style>input { font: bold 60px sans-serif; color: red; border: 0; background: red }</style><input type=password value=abcdefgh>`,
  );
  const { found = "" } = await desk.act({ action: "screenshot", params: { name: "covered.png" } });
  expect(await pixels(found, [255, 0, 0])).toBe(0);
});

test("draws boxes around what can be acted on, and leaves the page as it was", async () => {
  await desk.active.page.setContent(
    `<button style="width:200px;height:80px">Go</button><script>watch = new MutationObserver(() => (document.title = "touched"));watch.observe(document, { subtree: true, childList: true, attributes: true });</script>`,
  );
  const { found = "" } = await desk.act({ action: "screenshot", params: { name: "boxes.png", boxes: true } });
  expect(await pixels(found, [0xd6, 0, 0x6e])).toBeGreaterThan(500);
  expect(await desk.active.page.title()).toBe("");
  await desk.active.page.evaluate("watch.disconnect()");
  expect(desk.active.context.pages()).toHaveLength(1);
});

test.each([
  ["return args.a + 1", { a: "x" }, "x1", "x1"],
  ["return { n: 1, list: [true, null] }", {}, { n: 1, list: [true, null] }, '{"n":1,"list":[true,null]}'],
  ["await new Promise((go) => setTimeout(go, 20)); return 'later' // done", {}, "later", "later"],
  ["document.title = 'x'", {}, null, "null"],
])("runs a script as the body of an async function: %s", async (script, args, value, found) => {
  await desk.active.page.setContent("<p>x</p>");
  expect(await evaluate({ script, args })).toMatchObject({ value, found });
});

test("runs a script whatever the page's policy says", async () => {
  await using site = await startSite({
    "/": (_request, response) => {
      response.setHeader("content-security-policy", "default-src 'none'");
      return "<p>strict</p>";
    },
  });
  await desk.active.page.goto(site.url);
  expect(await evaluate({ script: "return document.querySelector('p').textContent" })).toMatchObject({ value: "strict" });
  expect(await look()).toContain("strict");
});

test("a script that never ends is ended, by its time and by a stop, and the page is alive after it", async () => {
  await desk.active.page.setContent("<p>alive");
  await expect(evaluate({ script: "for (;;);", timeout_ms: 300 })).rejects.toMatchObject({ reason: "ACTION_TIMED_OUT" });
  await expect(evaluate({ script: "await new Promise(() => {})", timeout_ms: 300 })).rejects.toMatchObject({ reason: "ACTION_TIMED_OUT" });
  const stop = new AbortController();
  const stopped = evaluate({ script: "document.title = 'began'; for (;;);" }, stop.signal);
  setTimeout(() => stop.abort(new Error("stopped")), 500);
  await expect(stopped).rejects.toThrow("stopped");
  expect(await evaluate({ script: "return document.body.textContent" })).toMatchObject({ value: "alive" });
});

test.each([
  ["throw new Error('no such order')", /The script failed: Error: no such order$/],
  ["return (", /The script failed: SyntaxError/],
  [`throw new Error("${roomSecret}")`, /The script failed: Error: \[redacted\]/],
])("says why a script failed: %s", async (script, message) => {
  await desk.active.page.setContent("<p>x</p>");
  await expect(evaluate({ script })).rejects.toMatchObject({ reason: "ACTION_FAILED", message: expect.stringMatching(message) });
});

test("what a script answers has no secret in it, under whatever name, and a bound", async () => {
  await desk.active.page.setContent("<input type=password value=in-the-field>");
  const script = `return { name: "${roomSecret}", state: document.querySelector("input").value, "${roomSecret}": 1 }`;
  expect((await evaluate({ script })).value).toEqual({ name: "[redacted]", state: "[redacted]", "[redacted]": 1 });
  const long = await evaluate({ script: `return "x".repeat(65_530) + "${roomSecret}".repeat(1000)` });
  expect(long.value).toBeUndefined();
  expect(long.found?.length).toBeLessThanOrEqual(64 * 1024);
  expect(createRedact([roomSecret.slice(0, 4)])(long.found ?? "")).not.toContain("hunt");
  expect(long.did).toMatch(/more than 65536/);
});
