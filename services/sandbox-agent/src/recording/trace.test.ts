import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { createRedact } from "@clew/playbook/redact";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ActivePage } from "../browser/active-page.ts";
import { chromiumPath } from "../browser/bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "../browser/browser-session.ts";
import { startSite } from "../browser/site.fixture.ts";
import { untraced } from "../browser/untraced.ts";
import { observe } from "../observation/observe.ts";
import { takePicture } from "../observation/picture.ts";
import { RunFiles } from "./run-files.ts";
import { readyTrace, Trace } from "./trace.ts";
import { contentsOf } from "./zip.fixture.ts";

const secret = 'S3cr3t "Zebra" & Söhne';
let room: string;
let browser: BrowserSession;
let folder: string;
let active: ActivePage;

beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), "clew-trace-"));
  browser = await launchBrowser({
    executablePath: chromiumPath,
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder: room,
    sandboxId: basename(room),
  });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await rm(room, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(async () => {
  folder = await mkdtemp(join(room, "run-"));
  active = await browser.openPage({ width: 800, height: 600 });
});
afterEach(() => active[Symbol.asyncDispose]());

/** What Playwright's own reader says of a trace. */
async function openTrace(path: string): Promise<{ info: string; actions: string }> {
  const cli = join(dirname(createRequire(import.meta.url).resolve("playwright/package.json")), "cli.js");
  const run = async (...words: string[]) => (await promisify(execFile)(process.execPath, [cli, "trace", ...words], { cwd: folder })).stdout;
  const info = await run("open", path);
  return { info, actions: await run("actions") };
}

test("a trace of several parts becomes one that Playwright opens, with all actions and without secrets", async () => {
  await using site = await startSite({
    "/": "<form action='/done' method=post><input name=q><button>Send</button></form>",
    "/done": "<h1>Done</h1>",
  });
  const files = await RunFiles.open(join(folder, "files"), 1);
  const { page, context } = active;
  const trace = await Trace.start(context, {
    files,
    folder: join(folder, "recording"),
    secrets: new KnownSecrets([secret]),
    partMs: { first: 0, most: 0 },
  });
  await page.goto(site.url);
  await trace.rest();
  await page.getByRole("textbox").fill(secret);
  await trace.rest();
  await page.getByRole("button").click();
  await page.getByText("Done").waitFor();
  expect(await untraced(page, () => page.getByText("Done").textContent())).toBe("Done");
  expect((await readdir(join(folder, "files"))).filter((name) => name.startsWith("trace"))).toContain("trace-1.zip");
  expect(await trace.store()).toBe(true);
  expect(await readdir(join(folder, "files"))).toEqual(["trace.zip"]);

  const path = join(folder, "files", "trace.zip");
  const { info, actions } = await openTrace(path);
  expect(info).toMatch(/chromium/i);
  expect(actions).toMatch(/Navigate/);
  expect(actions).toMatch(/Fill/);
  expect(actions).toMatch(/Click/);
  expect(actions, "a look is no action").not.toMatch(/text content/i);
  for (const [name, bytes] of await contentsOf(await readFile(path)))
    expect(`${name} ${bytes.toString("utf8")}`).not.toMatch(/S3cr3t|Zebra|S%C3%B6hne/);
});

test("a trace of a context that was made ready ahead has nothing of what was before its start, and all of what comes", async () => {
  await using site = await startSite({ "/": "<h1>Page</h1>" });
  const files = await RunFiles.open(join(folder, "files"), 1);
  const { page, context } = active;
  await readyTrace(context);
  await page.setContent("<h1>long-before</h1>");
  await page.getByText("long-before").click();
  await page.evaluate(`console.log("long-before")`);
  await page.goto("about:blank");
  const trace = await Trace.start(context, { files, folder: join(folder, "recording"), secrets: new KnownSecrets([]) });
  await page.goto(site.url);
  expect(await trace.store()).toBe(true);
  const path = join(folder, "files", "trace.zip");
  const { actions } = await openTrace(path);
  expect(actions).toMatch(/Navigate/);
  expect(actions).not.toMatch(/Click|Set content|Evaluate/);
  for (const [name, bytes] of await contentsOf(await readFile(path)))
    expect(`${name} ${bytes.toString("utf8")}`).not.toContain("long-before");
});

test("a trace shows a look at a page where a step asked for it, and none that Clew takes for itself", async () => {
  await using site = await startSite({ "/": "<title>Page</title><h1>Page</h1><button>Go</button>" });
  const files = await RunFiles.open(join(folder, "files"), 1);
  const { page, context } = active;
  const { signal } = new AbortController();
  const trace = await Trace.start(context, { files, folder: join(folder, "recording"), secrets: new KnownSecrets([]) });
  await page.goto(site.url);
  const options = { maxChars: 1_000, redact: createRedact([]), timeout: 5_000, signal };
  await observe(page, options);
  await takePicture(page, { ...options, element: page.getByRole("button"), fullPage: false, boxes: true, type: "png", secrets: [] });
  await observe(page, { ...options, isTraced: true });
  await trace.store();
  const lines =
    (await contentsOf(await readFile(join(folder, "files", "trace.zip")))).get("trace.trace")?.toString("utf8").split("\n") ?? [];
  const asked = lines.filter((line) => line.startsWith('{"type":"before"')).map((line) => JSON.parse(line).method);
  expect(asked).toEqual(["goto", "screenshot", expect.stringMatching(/ariaSnapshot/)]);
});

test("no cookie lies readable in a trace, whoever set it and however often it changed", async () => {
  let count = 0;
  await using site = await startSite({
    "/": (_request, response) => {
      response.setHeader("set-cookie", `session=rotating-session-${++count}; HttpOnly; Path=/`);
      return `<h1>Page ${count}</h1>`;
    },
  });
  const files = await RunFiles.open(join(folder, "files"), 1);
  const { page, context } = active;
  const trace = await Trace.start(context, { files, folder: join(folder, "recording"), secrets: new KnownSecrets([]) });
  for (let visits = 0; visits < 3; visits++) await page.goto(site.url);
  await context.request.get(site.url, { headers: { authorization: "Bearer rotating-session-0" } });
  await trace.store();
  expect(count).toBe(4);
  const contents = await contentsOf(await readFile(join(folder, "files", "trace.zip")));
  expect([...contents.keys()]).toContain("trace.network");
  for (const [name, bytes] of contents) expect(`${name} ${bytes.toString("utf8")}`).not.toContain("rotating-session");
});

test("what stands in a page's password fields lies in no trace, whoever put it there and however it was asked for", async () => {
  await using site = await startSite({
    "/": `<form><input type=password value=hunter2-written><INPUT value='hunter2-quoted' TYPE="Password">
      <button type=button onclick="this.form.elements[0].value = 'hunter' + '2-set'">Change</button></form>
      <script>const made = document.createElement("input"); made.type = "password"; made.value = "hunter" + "2-made"; document.forms[0].append(made)</script>`,
    "/next": "<h1>Next</h1>",
  });
  const files = await RunFiles.open(join(folder, "files"), 1);
  const { page, context } = active;
  const trace = await Trace.start(context, { files, folder: join(folder, "recording"), secrets: new KnownSecrets([]) });
  await page.goto(site.url);
  await page.getByRole("button").click();
  expect(JSON.stringify(await page.ariaSnapshotJSON({ mode: "ai" }))).toContain("hunter2-set");
  expect(await page.locator("input").first().getAttribute("value")).toBe("hunter2-written");
  await page.goto(`${site.url}/next`);
  await trace.store();
  const contents = await contentsOf(await readFile(join(folder, "files", "trace.zip")));
  const lines = [...contents].flatMap(([name, bytes]) =>
    bytes
      .toString("latin1")
      .split("\n")
      .map((line) => `${name} ${line}`),
  );
  expect(lines.filter((line) => /"method":"ariaSnapshot|"frame-snapshot"/i.test(line)).length).toBeGreaterThan(4);
  expect(lines.filter((line) => line.includes("hunter2"))).toEqual([]);
});
