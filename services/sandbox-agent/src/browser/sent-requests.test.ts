import type { ServerResponse } from "node:http";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { launchBareBrowser } from "./bare-browser.fixture.ts";
import { SentRequests } from "./sent-requests.ts";
import { type Site, startSite } from "./site.fixture.ts";

const { signal } = new AbortController();
const longMs = 60_000;

let browser: Browser;
let site: Site;
let held: ServerResponse[];

beforeAll(async () => {
  const hold = (_request: unknown, response: ServerResponse) => {
    held.push(response);
    return undefined;
  };
  site = await startSite({ "/": "<p>a page</p>", "/held": hold });
  browser = await launchBareBrowser();
});
beforeEach(() => {
  held = [];
});
afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

/** A page whose scripts' requests are followed, and what it sends. */
async function open() {
  const context = await browser.newContext();
  const sent = new SentRequests(context);
  const page = await context.newPage();
  await page.goto(site.url);
  const send = async (script: string) => {
    const responses = held.length;
    // The browser tells of it by a way of its own.
    const told = context.waitForEvent("request", (request) => request.url().endsWith("/held"));
    await page.evaluate(script);
    await told;
    await expect.poll(() => held.length, { timeout: longMs }).toBe(responses + 1);
    const response = held.at(-1);
    if (response === undefined) throw new Error("Nothing was sent.");
    return response;
  };
  return { context, page, sent, send, [Symbol.asyncDispose]: () => context.close() };
}

/** Expects that something is waited for until it is answered, and no longer. */
async function expectAwaited(
  { page, sent }: { page: Page; sent: SentRequests },
  response: ServerResponse,
  which?: "changes",
): Promise<void> {
  let isOver = false;
  const waiting = sent.answered(longMs, signal, which).then(() => {
    isOver = true;
  });
  await page.evaluate("1");
  expect(isOver).toBe(false);
  response.end();
  await waiting;
}

it.each([
  ["fetch", "void fetch('/held')"],
  ["XMLHttpRequest", "{ const asked = new XMLHttpRequest(); asked.open('POST', '/held'); asked.send('x'); }"],
  ["a beacon", "navigator.sendBeacon('/held', 'x')"],
])("waits until what a page's script has sent is answered: %s", async (_name, script) => {
  await using opened = await open();
  const response = await opened.send(script);
  await expectAwaited(opened, response);
});

it("waits for a form in a frame too, and, where it is only about what changes something, for nothing that is only read", async () => {
  await using opened = await open();
  const read = await opened.send("void fetch('/held')");
  await opened.sent.answered(longMs, signal, "changes");
  const script = `{
    const frame = Object.assign(document.createElement("iframe"), { srcdoc: "<form method=post action=/held><button>Pay</button></form>" });
    frame.onload = () => { frame.onload = null; frame.contentDocument.querySelector("button").click() };
    document.body.append(frame);
  }`;
  const paid = await opened.send(script);
  await expectAwaited(opened, paid, "changes");
  read.end();
});

it("expects something a while after an action that may change something, until the page is read, and after a commit all the same", async () => {
  await using opened = await open();
  const { sent } = opened;
  expect(sent.leftMs(longMs)).toBe(0);
  const onOver = sent.handed(false);
  expect(sent.leftMs(longMs)).toBe(longMs);
  onOver();
  await expect.poll(() => sent.leftMs(1)).toBe(0);
  expect(sent.leftMs(longMs)).toBeLessThan(longMs);
  sent.read();
  expect(sent.leftMs(longMs)).toBe(0);
  sent.handed(true)();
  sent.handed(false);
  sent.read();
  expect(sent.leftMs(longMs)).toBeGreaterThan(0);
});

it("waits for a form that opens a page of its own", async () => {
  await using opened = await open();
  const paid = await opened.send(`{
    document.body.innerHTML = "<form method=post target=_blank action=/held><button>Pay</button></form>";
    document.querySelector("button").click();
  }`);
  await expectAwaited(opened, paid, "changes");
});

it("waits for nothing that a page sent which has closed, but for its time for beacons", async () => {
  await using opened = await open();
  await opened.send("void fetch('/held', { method: 'POST' })");
  const aside = await opened.context.newPage();
  await opened.page.close();
  await opened.sent.answered(longMs, signal);
  await aside.goto(site.url);
  const told = opened.context.waitForEvent("request", (request) => request.url().endsWith("/held"));
  await aside.evaluate("navigator.sendBeacon('/held', 'x')");
  await told;
  await aside.close();
  const stop = new AbortController();
  const waiting = opened.sent.answered(longMs, stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

it("waits for nothing where nothing is open, what the page gave up, and what began long ago", async () => {
  await using opened = await open();
  await opened.sent.answered(longMs, signal);
  await opened.send("window.leave = new AbortController(); void fetch('/held', { signal: leave.signal }).catch(() => {})");
  await opened.page.evaluate("leave.abort()");
  await opened.sent.answered(longMs, signal);
  await opened.send("void fetch('/held')");
  await opened.sent.answered(1, signal);
});

it("ends with the signal, whose reason it gives", async () => {
  await using opened = await open();
  await opened.send("void fetch('/held')");
  const stop = new AbortController();
  const waiting = opened.sent.answered(longMs, stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});
