import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { type System, startSystem } from "../support/system.ts";

describe("a page of another site, in a browser that can reach the gateway", () => {
  let system: System;
  let browser: Browser;
  const foreign = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<title>foreign</title>"));
  let foreignUrl = "";
  beforeAll(async () => {
    system = await startSystem();
    await new Promise<void>((listening) => foreign.listen(0, "127.0.0.1", listening));
    foreignUrl = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`;
    browser = await launchChromium("--host-resolver-rules=MAP rebound.example 127.0.0.1");
  });
  afterAll(async () => {
    await browser?.close();
    foreign.close();
    await system[Symbol.asyncDispose]();
  });

  it.each(["text/plain", "application/x-www-form-urlencoded"])("cannot create a run with a form of %s", async (enctype) => {
    const page = await browser.newPage();
    await page.goto(foreignUrl);
    const answered = page.waitForResponse((response) => response.url().endsWith("/v1/runs"));
    await page.evaluate(
      ([action, type]) => {
        const form = document.createElement("form");
        Object.assign(form, { action, method: "post", enctype: type });
        const field = document.createElement("input");
        Object.assign(field, { name: '{"playbook":"hello","labels":{"a":"', value: '"}}' });
        form.append(field);
        document.body.append(form);
        form.submit();
      },
      [`${system.url}/v1/runs`, enctype] as const,
    );
    const response = await answered;
    expect([response.status(), (await response.json()).error.reason]).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
    await page.close();
  });

  it.each([
    ["a fetch that needs a preflight", { method: "POST", headers: { "content-type": "application/json" }, body: '{"playbook":"hello"}' }],
    ["a fetch without one", { method: "POST", body: '{"playbook":"hello"}' }],
    ["a read", {}],
  ])("gets nothing from %s", async (_, init) => {
    const page = await browser.newPage();
    await page.goto(foreignUrl);
    const got = await page.evaluate(
      ([url, request]) =>
        fetch(url, request).then(
          (response) => response.text(),
          (error: unknown) => String(error),
        ),
      [`${system.url}/v1/runs`, init] as const,
    );
    expect(got).toContain("Failed to fetch");
    await page.close();
  });

  it("gets nothing under a name of its own that was rebound to this machine", async () => {
    const page = await browser.newPage();
    const response = await page.goto(`${system.url.replace("127.0.0.1", "rebound.example")}/v1/runs`);
    const answer: unknown = await response?.json();
    expect(response?.status()).toBe(403);
    expect(answer).toMatchObject({ error: { reason: "HOST_NOT_ALLOWED" } });
    await page.close();
  });

  it("has started nothing", async () => {
    expect(await Array.fromAsync(system.clew.listRuns())).toEqual([]);
  });
});
