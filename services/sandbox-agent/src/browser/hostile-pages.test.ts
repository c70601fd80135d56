import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { findProcesses } from "@clew/process/process-tree";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PlaybookRoom } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory, WorkRoom } from "../work.fixture.ts";
import { type Site, startSite } from "./site.fixture.ts";

const calm = "<title>Calm</title><h1>Calm</h1>";
const mebibyte = 2 ** 20;

let site: Site;
beforeAll(async () => {
  site = await startSite({
    "/calm": calm,
    "/busy": "<title>Busy</title><button onclick='for (;;);'>Never</button>",
    "/busy-at-once": "<h1>Busy</h1><script>for (;;);</script>",
    "/storm": "<button onclick='for (;;) alert(1)'>Storm</button>",
    "/popups": "<h1>Popups</h1><button onclick='for (let i = 0; i < 200; i++) window.open(`/calm`)'>Open</button>",
    "/endless": (_request, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream", "content-disposition": "attachment; filename=endless.bin" });
      const more = () => {
        while (response.write(Buffer.alloc(mebibyte)));
      };
      response.on("drain", more);
      more();
      return undefined;
    },
    "/offer": `<h1>Offer</h1><a href="/endless">Take it</a>`,
    "/bomb": (_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" });
      response.end(gzipSync(`<title>Bomb</title><h1>Bomb</h1>${"<i>x</i>".repeat(500_000)}`));
      return undefined;
    },
    "/grows": `<h1>Grows</h1><script>onload = () => setInterval(() => document.body.append(...Array.from({ length: 20000 }, () => document.createElement("p"))), 0)</script>`,
  });
});
afterAll(() => site[Symbol.asyncDispose]());

/** Milliseconds a step has on a page that would keep a processor busy for ever. */
const stepMs = 4_000;

/** Milliseconds of a step that is sure not to end. */
const hungMs = 1_000;

const goto = (path: string) => `  - { action: goto, params: { url: "${site.url}${path}", timeout_ms: ${stepMs} }, on_failure: abort }\n`;

describe("a page that misbehaves", { timeout: 60_000 }, () => {
  let room: PlaybookRoom;
  beforeAll(async () => {
    room = await PlaybookRoom.open();
  });
  afterAll(() => room[Symbol.asyncDispose]());

  const reasonOf = (report: ReportInMemory) => report.outcome.outcome.error?.reason ?? "COMPLETED";

  it("and never stops fails its step, in time", async () => {
    const report = await room.run(
      `steps:\n${goto("/busy")}  - { action: click, selector: button, params: { timeout_ms: ${hungMs} }, on_failure: abort }\n`,
    );
    expect(reasonOf(report)).toBe("ACTION_TIMED_OUT");
  });

  it("and never stops from its first moment on fails its step, in time", async () => {
    const report = await room.run(
      `steps:\n${goto("/busy-at-once")}  - { action: extract, selector: h1, params: { timeout_ms: ${stepMs} }, on_failure: abort }\n`,
    );
    expect(["ACTION_TIMED_OUT", "NAVIGATION_FAILED"]).toContain(reasonOf(report));
  });

  it("and asks without end is closed, which the run ends of and says", async () => {
    const report = await room.run(`steps:\n${goto("/storm")}  - { action: click, selector: button, on_failure: abort }\n`);
    expect(["ACTION_FAILED", "ACTION_TIMED_OUT"]).toContain(reasonOf(report));
    expect(JSON.stringify(report.events)).toContain("more than 50 dialogs and was closed");
  });

  it("and opens 200 others has 20 of them, which the run says", async () => {
    const report = await room.run(
      `steps:\n${goto("/popups")}  - { action: click, selector: button, params: { timeout_ms: ${2 * stepMs} }, on_failure: abort }\n`,
    );
    expect(["COMPLETED", "ACTION_TIMED_OUT"]).toContain(reasonOf(report));
    expect(JSON.stringify(report.events)).toContain("at most 20 may be open");
  });

  it.each(["/bomb", "/grows"])("and is far too large is read in part, or its step fails, in time: %s", async (path) => {
    const report = await room.run(`steps:\n${goto(path)}  - { action: get_dom, on_failure: abort }\n`);
    expect(["COMPLETED", "ACTION_TIMED_OUT", "NAVIGATION_FAILED"]).toContain(reasonOf(report));
  });

  it("leaves a browser that another page works in", async () => {
    const report = await room.run(`steps:\n${goto("/calm")}  - { action: extract, selector: h1 }\n`);
    expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { extractedTexts: ["Calm"] } });
  });
});

describe("a browser of its own", { timeout: 60_000 }, () => {
  let room: WorkRoom;
  afterEach(() => room[Symbol.asyncDispose]());

  /** Opens a page, and has something happen in the midst of the next action. */
  async function runAndMeanwhile(path: string, step: string, meanwhile: () => void): Promise<ReportInMemory> {
    room = await WorkRoom.open();
    const report = new ReportInMemory(({ payload }) => {
      if (payload.$case === "actionStarted" && payload.value.action === "wait_for") meanwhile();
    });
    const playbookSource = `steps:\n${goto(path)}${step}`;
    await room.start({ playbookSource, spec: { guardrails: { allowedPrivateHosts: [site.host] } } }, report).done;
    return report;
  }

  const waits = `  - { action: wait_for, selector: "#never", params: { timeout_ms: 8000 }, on_failure: abort }\n`;
  const processesOf = (type: string) =>
    findProcesses({ id: basename(room.folder), folder: room.folder }).filter(({ pid }) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(type),
    );

  const killAll = (type: string) => {
    for (const { pid } of processesOf(type)) process.kill(pid, "SIGKILL");
  };

  it.each([
    ["whose renderer is killed", () => killAll("--type=renderer")],
    ["that is killed", () => room.killBrowser()],
    [
      "that hangs and is then killed",
      () => {
        for (const { pid } of processesOf("--remote-debugging-pipe")) process.kill(pid, "SIGSTOP");
        setTimeout(() => room.killBrowser(), 300);
      },
    ],
  ])("%s ends the run, which says that it crashed", async (_, meanwhile) => {
    const report = await runAndMeanwhile("/calm", waits, meanwhile);
    expect(report.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "BROWSER_CRASHED" } } });
  });

  it("whose network is killed goes on: Chromium starts it again", async () => {
    const again = `  - { action: goto, params: { url: "${site.url}/calm?again" }, on_failure: retry }\n`;
    const report = await runAndMeanwhile(
      "/calm",
      `  - { action: wait_for, selector: h1 }\n${again}  - { action: extract, selector: h1 }\n`,
      () => {
        killAll("--type=utility");
      },
    );
    expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { extractedTexts: ["Calm"] } });
  });

  it("that is offered a file without end takes 100 MiB of it at most, and says so", async () => {
    let most = 0;
    room = await WorkRoom.open();
    const report = new ReportInMemory();
    const looking = setInterval(async () => {
      const folder = join(room.folder, "downloads");
      const sizes = await Promise.all(
        (await readdir(folder)).map((name) =>
          stat(join(folder, name)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
      );
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    }, 50);
    const playbookSource = `steps:\n${goto("/offer")}  - { action: click, selector: a, on_failure: abort }\n${waits}`;
    await room.start({ playbookSource, spec: { guardrails: { allowedPrivateHosts: [site.host] } } }, report).done;
    clearInterval(looking);
    expect(JSON.stringify(report.events)).toContain("larger than 100 MiB");
    expect(most).toBeLessThan(1024 * mebibyte);
    await expect.poll(async () => (await readdir(join(room.folder, "downloads"))).length).toBe(0);
  });
});
