import { mergeGuardrails } from "@clew/playbook/guardrail-settings";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ActivePage } from "../browser/active-page.ts";
import { launchBareBrowser } from "../browser/bare-browser.fixture.ts";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { askNobody } from "../work.fixture.ts";
import { ActionChecks } from "./check-actions.ts";
import { createCheckAddress } from "./check-address.ts";
import { checkLeftPages } from "./check-left-pages.ts";
import { NavigationWatch, type Trip } from "./check-navigations.ts";
import { Guard } from "./guard.ts";

/** What must never be asked for, and a site whose pages try to lead there by each way there is. */
let secret: Site;
let site: Site;
let browser: Browser;
beforeAll(async () => {
  secret = await startSite({ "/": "<h1>secret</h1>" });
  const there = `${secret.url}/`;
  site = await startSite({
    "/redirect": (_, response) => void response.writeHead(302, { location: "/redirect-2" }).end(),
    "/redirect-2": (_, response) => void response.writeHead(307, { location: there }).end(),
    "/refresh": `<meta http-equiv=refresh content="0;url=${there}">here`,
    "/script": `<script>onload = () => { location.href = "${there}" }</script>here`,
    "/links": `<a id=link href="${there}">link</a> <a id=tab target=_blank href="${there}">tab</a>
      <a id=loop target=_blank href="/redirect">loop</a>
      <button id=popup onclick="window.open('${there}')">popup</button>
      <button id=late onclick="const w = window.open('about:blank'); setTimeout(() => { w.location = '${there}' }, 50)">late</button>
      <button id=blob onclick="window.open(window.URL.createObjectURL(new Blob(['<p>x'], { type: 'text/html' })))">blob</button>
      <button id=ok onclick="window.open('/ok')">ok</button>
      <button id=push onclick="history.pushState({}, '', '/links?pushed')">push</button>
      <button id=frame onclick="const f = document.createElement('iframe'); f.src = '${there}'; document.body.append(f)">frame</button>
      <a id=download download href="/redirect">download</a>
      <button id=replace onclick="window.location.replace('${there}')">replace</button>
      <button id=object onclick="const o = document.createElement('object'); o.data = '${there}'; document.body.append(o)">object</button>
      <button id=embed onclick="const e = document.createElement('embed'); e.src = '/redirect'; document.body.append(e)">embed</button>
      <form target=_blank method=post action="${there}"><input name=tab></form>
      <form action="${there}"><input name=get></form><form method=post action="${there}"><input name=post></form>`,
    "/ok": "<h1>ok</h1>",
    "/nested": "<h1>nested</h1><iframe src=/around></iframe>",
    "/around": `<p>around</p><iframe src="${there}"></iframe>`,
    "/form": "<form method=post action=/form><input name=a value=1></form>",
  });
  browser = await launchBareBrowser();
});
afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
  await secret[Symbol.asyncDispose]();
});

/** A context that may open the site only, and what its guard tripped on. */
async function watched(more: Parameters<typeof mergeGuardrails>[0] = {}, seenFrom = (context: BrowserContext) => context) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const trips: Trip[] = [];
  const guard = new Guard({
    settings: mergeGuardrails({ allowedPrivateHosts: [site.host], ...more }),
    check: createCheckAddress(askNobody),
  });
  const { signal } = new AbortController();
  const watch = await NavigationWatch.open(seenFrom(context), { guard, signal, onTrip: (trip) => trips.push(trip) });
  return {
    context,
    page,
    trips,
    async [Symbol.asyncDispose]() {
      await watch[Symbol.asyncDispose]();
      await context.close();
    },
  };
}

const soon = { timeout: 10_000 };
const pagesOf = (context: BrowserContext) => context.pages().map((page) => page.url());

describe("[weakness 25] a blocked page is never asked for, however the browser is led there:", () => {
  const ways: readonly [string, string, (page: Page) => Promise<unknown>][] = [
    ["a redirect of a redirect", "/ok", (page) => page.goto(`${site.url}/redirect`)],
    ["a meta refresh", "/refresh", (page) => page.goto(`${site.url}/refresh`)],
    ["a script", "/script", (page) => page.goto(`${site.url}/script`)],
    ["a link", "/links", (page) => page.click("#link")],
    ["a link to a new tab", "/links", (page) => page.click("#tab")],
    ["a new tab that is redirected", "/links", (page) => page.click("#loop")],
    ["a popup", "/links", (page) => page.click("#popup")],
    ["a popup that is led on later", "/links", (page) => page.click("#late")],
    ["a script that replaces the page", "/links", (page) => page.click("#replace")],
    ["a download that is redirected", "/links", (page) => page.click("#download")],
    ["a form that posts to a new tab", "/links", (page) => page.press("[name=tab]", "Enter")],
    ["Enter in a form", "/links", (page) => page.press("[name=get]", "Enter")],
    ["Enter in a form that posts", "/links", (page) => page.press("[name=post]", "Enter")],
  ];
  test.each(ways)("%s", async (_, path, go) => {
    await using it = await watched();
    await it.page.goto(`${site.url}${path === "/ok" ? path : "/links"}`);
    await go(it.page).catch(() => {});
    await expect.poll(() => it.trips, soon).toMatchObject([{ block: { rule: "private_network" }, isPage: true }]);
    await expect.poll(() => it.context.pages().length, soon).toBe(1);
    expect(secret.asked).toEqual([]);
    expect(it.page.url()).toBe(`${site.url}${path}`);
  });

  test.each(["frame", "object", "embed"])("in a part of a page, which stays empty while its page goes on: %s", async (kind) => {
    await using it = await watched();
    await it.page.goto(`${site.url}/links`);
    await it.page.click(`#${kind}`);
    await expect.poll(() => it.trips, soon).toMatchObject([{ block: { rule: "private_network" }, isPage: false }]);
    await it.page.goto(`${site.url}/ok`);
    expect(secret.asked).toEqual([]);
  });
});

test("held up ahead, nothing is opened until somebody judges; then all is judged by him, in pages that were open before too", async () => {
  await NavigationWatch.ready(browser);
  const asked = site.asked.length;
  const context = await browser.newContext();
  const page = await context.newPage();
  await expect(page.goto(`${site.url}/ok`)).rejects.toThrow("ERR_NAME_NOT_RESOLVED");
  expect(site.asked).toHaveLength(asked);
  await page.waitForURL("chrome-error://chromewebdata/");
  await using it = await watched();
  await page.goto(`${site.url}/ok`);
  await expect(page.goto(`${secret.url}/`)).rejects.toThrow("ERR_ABORTED");
  expect(it.trips).toMatchObject([{ block: { rule: "private_network" }, isPage: true }]);
  expect(page.isClosed()).toBe(false);
  expect(secret.asked).toEqual([]);
  await context.close();
});

/** A context whose browser tells of new pages half a second late. */
function withLateNews(context: BrowserContext): BrowserContext {
  return over(context, {
    browser: () =>
      over(browser, {
        newBrowserCDPSession: async () => {
          const session = await browser.newBrowserCDPSession();
          const { on } = session;
          Reflect.set(session, "on", (event: string, listener: (news: unknown) => void) => {
            const late = (news: unknown) => setTimeout(listener, 500, news);
            return Reflect.apply(on, session, [event, event === "Target.targetCreated" ? late : listener]);
          });
          return session;
        },
      }),
  });
}

/** An object with some of its members in others' place. */
function over<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(name in members ? members : target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

test("a popup that asks before there is news of it is judged as a page", async () => {
  await using it = await watched({}, withLateNews);
  await it.page.goto(`${site.url}/links`);
  await it.page.click("#popup");
  await expect.poll(() => it.trips, soon).toMatchObject([{ isPage: true }]);
  await expect.poll(() => it.context.pages().length, soon).toBe(1);
  expect(secret.asked).toEqual([]);
});

test("leaves at once what shows without being asked for", async () => {
  await using it = await watched();
  await it.page.goto("data:text/html,<h1>x</h1>").catch(() => {});
  await expect.poll(() => it.page.url(), soon).toBe("about:blank");
  await it.page.goto(`${site.url}/links`);
  await it.page.click("#blob");
  await expect.poll(() => it.trips.map(({ block }) => block.rule), soon).toEqual(["scheme", "scheme"]);
  await expect.poll(() => pagesOf(it.context), soon).toEqual([`${site.url}/links`]);
});

test("opens no file, not even where a script of ours would", async () => {
  await using it = await watched();
  await it.page.goto(`${site.url}/ok`);
  await it.page.goto("file:///etc/hostname").catch(() => {});
  expect(it.trips).toMatchObject([{ block: { rule: "scheme" }, address: "file:///etc/hostname" }]);
  expect(it.page.url()).toBe(`${site.url}/ok`);
});

test("lets everything else through, popups and posts whole", async () => {
  await using it = await watched();
  await it.page.goto(`${site.url}/form`);
  await it.page.press("[name=a]", "Enter");
  await expect.poll(() => site.bodies, soon).toEqual(["a=1"]);
  await it.page.goto(`${site.url}/links`);
  const popup = it.context.waitForEvent("page");
  await it.page.click("#ok");
  await (await popup).getByText("ok").waitFor();
  await it.page.click("#push");
  expect(it.page.url()).toBe(`${site.url}/links?pushed`);
  expect(it.trips).toEqual([]);
});

test("spends the budget of addresses by pages that were let through, and not by hops or blocked ones", async () => {
  await using it = await watched({ maxUrlsVisited: 2 });
  await it.page.goto(`${site.url}/redirect`).catch(() => {});
  await it.page.goto(`${secret.url}/`).catch(() => {});
  await it.page.goto(`${site.url}/ok`);
  await it.page.goto(`${site.url}/ok#again`);
  await it.page.goto(`${site.url}/form`).catch(() => {});
  expect(it.trips.map(({ block }) => block.rule)).toEqual(["private_network", "private_network", "url_budget"]);
  expect(it.page.url()).toBe(`${site.url}/ok#again`);
});

test("opens no page of a host that nobody knows", async () => {
  await using it = await watched();
  await expect(it.page.goto("http://no-such-host.invalid/")).rejects.toThrow("ERR_NAME_NOT_RESOLVED");
});

describe("of the pages that the run before left,", () => {
  /** The pages after a run that may open the site only has begun among them, and why it cannot act on the last. */
  async function goOnFrom(leave: (active: ActivePage) => Promise<unknown>) {
    const context = await browser.newContext();
    await using active = await ActivePage.open(context, { onCrash: () => {}, downloadsFolder: "" });
    await leave(active);
    const { signal } = new AbortController();
    await using checks = await ActionChecks.open({
      settings: mergeGuardrails({ allowedPrivateHosts: [site.host] }),
      active,
      report: { say: async () => {}, confirm: async () => {} },
      redact: (text) => text,
      askWarden: async ({ host }) =>
        host === "inside.example" ? { denial: { rule: "private_network", message: "It leads to a private address." } } : {},
      signal,
    });
    const block = await checkLeftPages(active, checks, signal);
    return { rule: block?.details["rule"], frames: active.pages.map((page) => page.frames().map((frame) => frame.url())) };
  }

  test("a frame within a frame is emptied, and what is around it stays", async () => {
    const went = await goOnFrom(async ({ page }) => {
      await page.goto(`${site.url}/nested`);
      await page.frameLocator("iframe").frameLocator("iframe").getByText("secret").waitFor();
    });
    expect(went).toEqual({ rule: undefined, frames: [[`${site.url}/nested`, `${site.url}/around`, "about:blank"]] });
  });

  test("one whose name leads to a private address is emptied, and said", async () => {
    const went = await goOnFrom(async ({ page, context }) => {
      await page.goto(`${site.url}/ok`);
      const other = await context.newPage();
      await other.route("http://inside.example/", (route) => route.fulfill({ contentType: "text/html", body: "inside" }));
      await other.goto("http://inside.example/");
      await other.unrouteAll();
    });
    expect(went).toEqual({ rule: "private_network", frames: [[`${site.url}/ok`], ["about:blank"]] });
  });
});
