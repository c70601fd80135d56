import type { IncomingHttpHeaders } from "node:http";
import type { RunHandle, RunSpec } from "@clew/client";
import { type Site, startSite } from "@clew/sandbox-agent/browser/site.fixture";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../services/sandbox-agent/src/recording/zip.fixture.ts";
import { launchChromium } from "../support/chromium.ts";
import { type System, startSystem } from "../support/system.ts";

const longMs = 240_000;

/** What a run has, where the sandbox was there before it: nothing of it is another's. */
describe("a run in a sandbox that was there before it", () => {
  let system: System;
  let site: Site;
  const asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  beforeAll(async () => {
    const page = (colour: string) =>
      `<title>${colour}</title><body style="background:${colour}"><h1>${colour}</h1><label>Name <input></label>`;
    const noted = (html: string) => (request: { url?: string | undefined; headers: IncomingHttpHeaders }) => {
      asked.push({ path: request.url ?? "", headers: request.headers });
      return html;
    };
    site = await startSite({ "/red": noted(page("red")), "/blue": noted(page("blue")), "/lime": noted(page("lime")) });
    system = await startSystem({ CLEW_WARM_SANDBOXES: "1", CLEW_MAX_CONCURRENT_RUNS: "2" });
  }, longMs);
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  const goto = (colour: string) => ({ action: "goto", params: { url: `${site.url}/${colour}` } });
  /** Long enough to be seen in a video. */
  const lookAt = (colour: string) => [
    goto(colour),
    { action: "evaluate", params: { script: "return new Promise((done) => setTimeout(done, 1500))" } },
  ];
  const create = (steps: readonly object[], more: Partial<RunSpec> = {}) =>
    system.clew.createRun({
      playbookSource: JSON.stringify({ id: "own", steps }),
      guardrails: { allowedPrivateHosts: [site.host] },
      ...more,
    });
  const isWarm = async (run: RunHandle) => {
    for await (const event of run.events()) if (event.type === "sandboxReady") return event.sandboxReady.warm;
    return false;
  };
  const fileOf = async (run: RunHandle, name: string) => Buffer.from(await (await run.artifact(name)).arrayBuffer());

  it("that was nobody's sends its own headers and credentials, to whom they are for, and the next has none of them", async () => {
    const own = { browser: { extraHttpHeaders: { "x-thread": "of-Ariadne" } }, credentials: { name: "Theseus-of-Athens" } };
    const typing = { action: "key_press", selector: "input", params: { credential_ref: "name" } };
    const reading = { action: "evaluate", params: { script: "return document.querySelector('input').value.length" }, store_as: "typed" };
    let first = await create([goto("red")]);
    // What it asks the site for is no other run's.
    await first.result();
    // One that comes too early gets a sandbox of its own.
    for (let isOfPool = false; !isOfPool; isOfPool = await isWarm(first)) {
      asked.length = 0;
      first = await create([goto("red"), typing, reading], own);
      expect(await first.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { typed: 17 } } });
    }
    expect(asked.map(({ path, headers }) => [path, headers["x-thread"]])).toEqual([["/red", "of-Ariadne"]]);
    const told = JSON.stringify(await Array.fromAsync(first.events()));
    for (const secret of ["of-Ariadne", "Theseus-of-Athens"]) expect(told).not.toContain(secret);
    asked.length = 0;
    const second = await create([goto("red")]);
    expect(await second.result()).toMatchObject({ state: "COMPLETED" });
    expect(asked.map(({ path, headers }) => [path, headers["x-thread"]])).toEqual([["/red", undefined]]);
  }, 240_000);

  it("that another left has a trace and a video of its own, with nothing of the other's, whose files stay as they were", async () => {
    const recording = { trace: true, video: true };
    const parent = await create([...lookAt("red"), goto("blue")], { recording, keepAliveSeconds: 600 });
    expect(await parent.result()).toMatchObject({ state: "COMPLETED" });
    const before = await parent.artifacts();
    const child = await create([...lookAt("lime")], { recording, continueFrom: parent.id });
    expect(await child.result()).toMatchObject({ state: "COMPLETED" });
    expect(await parent.artifacts()).toEqual(before);

    const traceOf = async (run: RunHandle) => {
      const parts = await contentsOf(await fileOf(run, "trace.zip"));
      return [...parts]
        .filter(([name]) => !name.startsWith("resources/"))
        .map(([, text]) => text.toString("latin1"))
        .join("\n");
    };
    const [ofParent, ofChild] = [await traceOf(parent), await traceOf(child)];
    expect([ofParent.includes("/red"), ofParent.includes("/lime")]).toEqual([true, false]);
    expect([ofChild.includes("/red"), ofChild.includes("/lime")]).toEqual([false, true]);

    const seenIn = async (run: RunHandle) => {
      const names = (await run.artifacts()).map(({ name }) => name).filter((name) => name.endsWith(".webm"));
      const colours = new Set<string>();
      for (const name of names) for (const colour of await coloursOf(await fileOf(run, name))) colours.add(colour);
      return colours;
    };
    const [inParent, inChild] = [await seenIn(parent), await seenIn(child)];
    expect([inParent.has("red"), inParent.has("lime")]).toEqual([true, false]);
    expect([inChild.has("red"), inChild.has("lime")]).toEqual([false, true]);
  }, 240_000);
});

/** The colours that a video shows, of those that pages here have. */
async function coloursOf(video: Buffer): Promise<string[]> {
  await using browser = await launchChromium();
  const page = await browser.newPage();
  const pixels = await page.evaluate(
    async (source) => {
      const shown = Object.assign(document.createElement("video"), { muted: true, src: source });
      const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
      const context = canvas.getContext("2d");
      await new Promise((done, fail) => Object.assign(shown, { onloadeddata: done, onerror: fail }));
      const found: number[][] = [];
      for (let at = 0; at < shown.duration; at += 0.2) {
        shown.currentTime = at;
        await new Promise((done) => Object.assign(shown, { onseeked: done }));
        context?.drawImage(shown, 0, 0, 1, 1);
        found.push([...(context?.getImageData(0, 0, 1, 1).data ?? [])]);
      }
      return found;
    },
    `data:video/webm;base64,${video.toString("base64")}`,
  );
  const isOf = (colour: readonly number[]) =>
    pixels.some((pixel) => colour.every((value, index) => Math.abs(value - (pixel[index] ?? 0)) < 80));
  return Object.entries({ red: [255, 0, 0], blue: [0, 0, 255], lime: [0, 255, 0] }).flatMap(([name, colour]) =>
    isOf(colour) ? [name] : [],
  );
}
