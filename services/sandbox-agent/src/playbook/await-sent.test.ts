import { delay } from "@clew/streams/delay";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { ReportInMemory, WorkRoom } from "../work.fixture.ts";

let shared: WorkRoom;
beforeAll(async () => {
  shared = await WorkRoom.open();
});
afterAll(() => shared[Symbol.asyncDispose]());

const at = "<p>It is late.</p>";
const late = (how: string) => `<button onclick="setTimeout(() => ${how}, 40)">Pay</button>`;
const pages: Readonly<Record<string, string>> = {
  "a form in a frame": `${at}<iframe name=f></iframe><form method=post action=/paid target=f><button>Pay</button></form>`,
  "a form that opens a page": `${at}<form method=post action=/paid target=_blank><button>Pay</button></form>`,
  "a request that a script sends a little later": at + late("fetch('/paid', { method: 'POST' })"),
  "the same, after another that tells of the click": `${at}<button onclick="navigator.sendBeacon('/log', 'x'); setTimeout(() => fetch('/paid', { method: 'POST' }), 40)">Pay</button>`,
  "the same, on a page that waits for news all the time": `<script>
    void fetch("/news", { method: "POST" });
    // Long enough ago that it is waited for no more.
    setTimeout(() => document.body.append(Object.assign(document.createElement("p"), { textContent: "It is late." })), 2_200);
  </script>${late("fetch('/paid', { method: 'POST' })")}`,
};
const then: Readonly<Record<string, string>> = {
  "as the last step": "",
  "before the page is left": "  - { action: goto, params: { url: '{url}/left' } }",
  "before the page is read and left": "  - { action: extract, selector: button }\n  - { action: goto, params: { url: '{url}/left' } }",
};
const cases = Object.keys(pages).flatMap((page) => Object.keys(then).map((place) => [page, place] as const));

test.each(cases)("what a commit sets off is heard and answered: %s, %s", async (page, place) => {
  let answered = 0;
  await using site = await startSite({
    "/": pages[page] ?? "",
    "/left": "left",
    "/log": "",
    "/news": () => new Promise(() => {}),
    "/paid": async (_, response) => {
      response.on("close", () => {
        if (response.writableFinished) answered++;
      });
      await delay(200);
      return "paid";
    },
  });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: wait_for, selector: p, params: { timeout_ms: 10000 } }
  - { action: click, selector: button, effect: commit }
${then[place]}`;
  await room.start({ playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] } } }, report).done;
  expect(report.outcome.outcome.error).toBeUndefined();
  expect(site.asked.filter((asked) => asked === "POST /paid")).toHaveLength(1);
  await expect.poll(() => answered).toBe(1);
});
