import { tmpdir } from "node:os";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ActivePage } from "../browser/active-page.ts";
import { launchBareBrowser } from "../browser/bare-browser.fixture.ts";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { lookAtPage } from "../observation/look-at-page.ts";
import { registerReader } from "../observation/reader.ts";
import type { PersonSaid, Question } from "../person/ask-person.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { type CaptchaContext, faceCaptcha } from "./face-captcha.ts";

const article = `<p>${"This page says a lot. ".repeat(50)}</p>`;
const waits = { pageMs: 1_500, widgetMs: 1_000, unknownMs: 10_000, pollMs: 50 };
const { signal } = new AbortController();

let browser: Browser;
let site: Site;
beforeAll(async () => {
  await registerReader();
  browser = await launchBareBrowser();
  site = await startSite({
    "/plain": article,
    "/goes": `<script>setTimeout(() => document.getElementById('challenge-stage').remove(), 1_500)</script><div id=challenge-stage></div>`,
    "/leads": `<title>Just a moment...</title><script>setTimeout(() => { location.href = '/plain' }, 1_500)</script>`,
    "/reloads": `<title>Just a moment...</title><script>setTimeout(() => location.reload(), 500)</script>`,
    "/stays": "<title>Just a moment...</title>Checking your browser<button onclick=\"document.title = 'clicked'\">I am human</button>",
    "/widget": "<form><input name=user><div class=h-captcha></div></form>",
    "/article": `${article}<div class=h-captcha></div>`,
    "/door": (request) => (/pass=yes/.test(request.headers.cookie ?? "") ? article : "<div class=g-recaptcha></div>"),
  });
});
afterAll(async () => {
  await browser.close();
  await site[Symbol.asyncDispose]();
});

describe("a challenge is known by its marks:", () => {
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    context = await browser.newContext({ offline: true });
    page = await context.newPage();
  });
  afterAll(() => context.close());

  test.each([
    ["Cloudflare's title", "<title>Just a moment...</title>", "cloudflare", true],
    ["a Cloudflare stage", "<div id=challenge-stage></div>", "cloudflare", true],
    ["a Cloudflare run", "<div id=challenge-running></div>", "cloudflare", true],
    ["a Cloudflare box", "<div class=cf-challenge></div>", "cloudflare", true],
    ["Turnstile", "<div class=cf-turnstile></div>", "turnstile", true],
    ["Turnstile's frame", "<iframe src='https://challenges.cloudflare.com/x'></iframe>", "turnstile", true],
    ["reCAPTCHA", "<div class=g-recaptcha></div>", "recaptcha", true],
    ["reCAPTCHA's frame", "<iframe src='https://www.google.com/recaptcha/api2/anchor'></iframe>", "recaptcha", true],
    ["hCaptcha", "<div class=h-captcha></div>", "hcaptcha", true],
    ["hCaptcha's frame", "<iframe src='https://newassets.hcaptcha.com/x'></iframe>", "hcaptcha", true],
    ["one beside much else", `${article}<div class=h-captcha></div>`, "hcaptcha", false],
  ])("%s", async (_, html, kind, isBlocking) => {
    await page.setContent(html, { waitUntil: "commit" });
    expect(await lookAtPage(page, signal)).toMatchObject({ captcha: { kind, isBlocking } });
  });

  test("and nothing else is one", async () => {
    for (const html of [
      "",
      "<h1>Just a moment please</h1>",
      "<div class=grecaptcha-badge><iframe src='https://www.google.com/recaptcha/api2/anchor'></iframe></div>",
      "<div class=g-recaptcha data-size=invisible></div>",
      "<div style='visibility: hidden'><iframe src='https://www.google.com/recaptcha/api2/bframe'></iframe></div>",
      "<div style='display: none'><div class=h-captcha></div></div>",
      "<div class=h-captcha><textarea name=h-captcha-response style='display: none'>solved</textarea></div>",
      "<div class=cf-turnstile><input type=hidden name=cf-turnstile-response value=solved></div>",
    ]) {
      await page.setContent(html, { waitUntil: "commit" });
      expect(await lookAtPage(page, signal), html).toMatchObject({ captcha: "none" });
    }
  });
});

/** A page on a path of the site, and someone who answers what is asked. */
async function face(path: string, said: PersonSaid = "nobody", pageMs = waits.pageMs, waitUntil: "load" | "commit" = "load") {
  const context = await browser.newContext();
  const active = await ActivePage.open(context, { onCrash: () => {}, downloadsFolder: tmpdir() });
  const report = new ReportInMemory();
  const asked: Question[] = [];
  const ask = async (question: Question) => {
    asked.push(question);
    return said;
  };
  await active.page.goto(new URL(path, site.url).href, { waitUntil });
  const facing: CaptchaContext = {
    active,
    report,
    redact: (value) => value,
    person: { isThere: true, ask },
    recordings: { picture: async (name) => name },
    reopen: async (url) => void (await active.page.goto(url)),
    isHeaded: false,
    signal,
    stopping: signal,
  };
  const { captcha } = await lookAtPage(active.page, signal);
  const fault = await faceCaptcha(captcha, facing, { ...waits, pageMs }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const seen = { fault, asked, told: report.all("captchaDetected"), title: await active.page.title(), url: active.url };
  await active[Symbol.asyncDispose]();
  return seen;
}

test("a page without a challenge is told of by nothing", async () => {
  expect(await face("/plain")).toMatchObject({ fault: undefined, told: [], asked: [] });
});

test.each(["/goes", "/leads"])("one that goes away by itself is waited for, and nobody is asked: %s", async (path) => {
  const { fault, told, asked } = await face(path, "nobody", 30_000);
  expect(told).toMatchObject([{ kind: "cloudflare", url: `${site.url}${path}`, resolved: true }]);
  expect([fault, asked]).toEqual([undefined, []]);
});

test("one that stays ends the run for good where nobody is there, and nothing was clicked", async () => {
  const { fault, told, title } = await face("/stays");
  expect(fault).toMatchObject({ reason: "CAPTCHA_FAILED", retryable: false, message: expect.stringContaining("nobody was there") });
  expect(told).toMatchObject([{ kind: "cloudflare", resolved: false }]);
  expect(told[0]?.waitMs).toBeGreaterThanOrEqual(waits.pageMs);
  expect(title).toBe("Just a moment...");
});

test("one that only comes again was not resolved by a navigation", async () => {
  expect((await face("/reloads")).told).toMatchObject([{ resolved: false }]);
});

test.each<[PersonSaid, string]>([
  ["expired", "nobody solved it in time"],
  [{ answer: "deny" }, "a person declined"],
  [{ answer: "7" }, "no browser state"],
  [{ answer: "approve" }, "still there"],
])("a person who says %j leaves it failed", async (said, why) => {
  expect((await face("/widget", said)).fault).toMatchObject({ reason: "CAPTCHA_FAILED", message: expect.stringContaining(why) });
});

test("a person's browser state lets the run through", async () => {
  const cookies = [{ name: "pass", value: "yes", domain: "127.0.0.1", path: "/" }];
  const { fault, asked } = await face("/door", { answer: JSON.stringify({ cookies, origins: [] }) });
  expect(fault).toBeUndefined();
  expect(asked).toMatchObject([{ kind: "BROWSER_STATE", prompt: expect.stringContaining("recaptcha"), screenshot: "captcha.jpg" }]);
});

test("a page that is still coming is looked at until it can be judged", async () => {
  await using slow = await startSite({
    "/": (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).write("<title>Shop</title><p>A while");
      setTimeout(() => response.end("<div class=h-captcha></div>"), 1_000);
      return undefined;
    },
  });
  expect((await face(slow.url, "nobody", waits.pageMs, "commit")).told).toMatchObject([{ kind: "hcaptcha" }]);
});

test("a widget on a page that is full of other things is told of, and stands in nobody's way", async () => {
  expect(await face("/article")).toMatchObject({ fault: undefined, asked: [], told: [{ kind: "hcaptcha", resolved: false }] });
});
