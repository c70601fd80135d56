import { InputRequested_Kind, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import type { Work } from "../work.ts";

let room: PlaybookRoom;
beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const state = JSON.stringify({ cookies: [{ name: "pass", value: "yes", domain: "127.0.0.1", path: "/" }], origins: [] });
const challenge = "<div class=h-captcha>Are you there?</div>";

/** Sends an order whose way leads over a challenge; a person answers with a browser state. */
async function order(method: "post" | "get") {
  await using site = await startSite({
    "/shop": `<form method=${method} action="/order"><input name=what value=thread><button type=submit>Order</button></form>`,
    "/order": (request) => (/pass=yes/.test(request.headers.cookie ?? "") ? "<h1>Ordered</h1>" : challenge),
  });
  let work: Work | undefined;
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case !== "inputRequested") return;
    expect(payload.value.kind).toBe(InputRequested_Kind.BROWSER_STATE);
    const input = { inputId: payload.value.inputId, answer: state, expired: false, lost: false };
    setImmediate(() => work?.deliver(input));
  });
  const playbookSource = JSON.stringify({
    id: "ordering",
    start_url: `${site.url}/shop`,
    steps: [
      { action: "click", selector: "button", effect: "commit" },
      { action: "extract", selector: "h1", store_as: "said" },
    ],
  });
  work = await room.start(playbookSource, { spec: { waitForPersonSeconds: 60 } }, report);
  await work.done;
  return { report, asked: site.asked };
}

test("a page that answers a form is not opened again after its challenge: the form would be sent twice", async () => {
  const { report, asked } = await order("post");
  expect(asked).toEqual(["GET /shop", "POST /order"]);
  expect(report.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "CAPTCHA_FAILED" } } });
  expect(report.outcome.outcome.error?.message).toContain("is not sent again");
}, 60_000);

test("another page is opened again as an action in the journal", async () => {
  const { report, asked } = await order("get");
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { said: "Ordered" } } });
  expect(asked).toEqual(["GET /shop", "GET /order?what=thread", "GET /order?what=thread"]);
  expect(report.all("actionStarted").map(({ action }) => action)).toEqual(["goto", "click", "goto", "extract"]);
}, 60_000);

const late = `<script>
  window.show = () => { document.body.innerHTML = '<div class=h-captcha>Are you there? <button onclick="location.href = &quot;/clicked&quot;">Yes</button></div>' };
</script>`;

test.each([
  [
    "before what it hides is looked for",
    `${late}<button type=button onclick="show()">Next</button>`,
    '{ action: click, selector: "button" }',
  ],
  [
    "while its step waits",
    `${late}<button type=button onclick="setTimeout(show, 300)">Next</button>`,
    '{ action: click, selector: "button" }',
  ],
  [
    "beside what is acted on next",
    `<button type=button onclick="note.className = 'h-captcha'">Next</button><p id=note>Note</p><h1>Soon</h1>`,
    '{ action: click, selector: "button" }',
  ],
])(
  "a challenge that a script adds %s is noticed, without a navigation and without a click",
  async (_, html, click) => {
    await using site = await startSite({ "/": html });
    const playbook = `id: late\nstart_url: ${site.url}/\nsteps:\n  - ${click}\n  - { action: extract, selector: "h1" }`;
    const report = await room.run(playbook);
    expect(report.all("captchaDetected")).toMatchObject([{ kind: "hcaptcha", resolved: false }]);
    expect(report.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "CAPTCHA_FAILED" } } });
    expect(site.asked).toEqual(["GET /"]);
  },
  60_000,
);

test("what a person solved does not fail its step: what only looked looks again", async () => {
  const page = `<script>window.hide = () => { document.body.innerHTML = '<h1>Welcome</h1>' };
    setTimeout(() => { document.body.innerHTML = '<div class=h-captcha>Are you there?</div>'; setTimeout(window.hide, 2_000); }, 500)</script>`;
  await using site = await startSite({ "/": page });
  const playbook = `id: late\nstart_url: ${site.url}/\nsteps:\n  - { action: wait_for, selector: "h1", params: { timeout_ms: 1000 } }\n  - { action: extract, selector: "h1", store_as: said }`;
  const report = await room.run(playbook);
  expect(report.all("captchaDetected")).toMatchObject([{ kind: "hcaptcha", resolved: true }]);
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { said: "Welcome" } } });
}, 60_000);
