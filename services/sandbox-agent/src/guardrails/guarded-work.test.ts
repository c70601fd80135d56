import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { ReportInMemory, WorkRoom } from "../work.fixture.ts";

let shared: WorkRoom;
let secret: Site;
let site: Site;
beforeAll(async () => {
  shared = await WorkRoom.open();
  secret = await startSite({ "/": "<h1>secret</h1>" });
  site = await startSite({
    "/": `<h1>shop</h1><button class=next onclick="fetch('/deleted')">Delete account</button>
      <a id=away target=_blank href="${secret.url}/">away</a> <button id=count onclick="this.title += '.'">count</button>`,
    "/other": "<h1>other</h1>",
    "/away": (_, response) => void response.writeHead(302, { location: `${secret.url}/` }).end(),
    "/captcha": "<title>Robots?</title><div class=h-captcha></div>",
  });
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await secret[Symbol.asyncDispose]();
});

/** Runs a playbook on the site and answers what it said. */
async function run(steps: string, playbook = "", guardrails = {}): Promise<ReportInMemory> {
  await using room = await shared.beside();
  const report = new ReportInMemory();
  await mkdir(join(room.folder, "inputs"));
  await writeFile(join(room.folder, "inputs", "a.txt"), "a");
  const playbookSource = `start_url: ${site.url}/\n${playbook}\nsteps:\n${steps}`;
  await room.start({ playbookSource, spec: { guardrails: { allowedPrivateHosts: [site.host], ...guardrails } } }, report).done;
  return report;
}

test("[weakness 10] what was blocked stands in the log: the action, and the rule's name", async () => {
  const report = await run(`  - { action: goto, params: { url: "${site.url}/other" } }`, "guardrails: { max_urls_visited: 1 }");
  expect(report.all("actionBlocked")).toMatchObject([{ action: "goto", rule: "url_budget", stepIndex: 0 }]);
  expect(report.outcome).toMatchObject({
    state: Run_State.FAILED,
    outcome: { error: { reason: "GUARDRAIL_BLOCKED", details: { rule: "url_budget" } } },
  });
  expect(site.asked).not.toContain("GET /other");
});

test("[weakness 40] the run's word about a guardrail counts over the playbook's", async () => {
  const report = await run(`  - { action: goto, params: { url: "${site.url}/other" } }`, "guardrails: { max_urls_visited: 1 }", {
    maxUrlsVisited: 50,
  });
  expect(report.outcome.state).toBe(Run_State.COMPLETED);
});

test("[weakness 25] a step that is redirected to a blocked page fails, reads nothing of it, and is not tried again", async () => {
  const redirected = await run(`  - { action: goto, params: { url: "${site.url}/away" } }\n  - { action: extract }`);
  expect(redirected.all("guardrailTripped")).toMatchObject([{ rule: "private_network", url: `${secret.url}/` }]);
  expect(redirected.all("actionCompleted").at(-1)).toMatchObject({ success: false, error: { reason: "GUARDRAIL_BLOCKED" } });
  expect(redirected.outcome.outcome).toMatchObject({ extractedTexts: [], error: { reason: "GUARDRAIL_BLOCKED" } });
  expect(redirected.all("actionStarted")).toHaveLength(2);
  expect(secret.asked).toEqual([]);
});

test("[weakness 25] a popup that is blocked is told of at once, and nothing waits for what it kept away", async () => {
  const opened = await run(
    "  - { action: click, selector: '#away' }\n  - { action: wait_for, selector: '#never', params: { timeout_ms: 60000 } }",
  );
  expect(opened.all("guardrailTripped")).toMatchObject([{ rule: "private_network", url: `${secret.url}/` }]);
  expect(opened.outcome.outcome.error).toMatchObject({ reason: "GUARDRAIL_BLOCKED", details: { rule: "private_network" } });
  expect(secret.asked).toEqual([]);
});

test("[weakness 27] a click that would destroy something happens only where the step asks for it", async () => {
  const blocked = await run("  - { action: click, selector: .next, description: Go on }");
  expect(blocked.all("actionBlocked")).toMatchObject([{ action: "click", rule: "destructive_click" }]);
  expect(blocked.outcome.outcome.error).toMatchObject({ reason: "GUARDRAIL_BLOCKED", message: expect.stringContaining("effect: commit") });
  expect(site.asked).not.toContain("GET /deleted");
});

test.each([
  ["what a page says is not its author's word", ["extract, selector: .next, store_as: seen", 'click, selector: { text: "{seen}" }']],
  ["Enter clicks", ["press, selector: .next, params: { key: Enter }"]],
  ["Space clicks what has the focus", ["key_press, params: { key: Space }"]],
  ["giving files to a button clicks it", ["upload, selector: .next, params: { files: [a.txt] }"]],
])("[weakness 27] nothing is destroyed on a way around: %s", async (_why, actions) => {
  const asked = site.asked.length;
  const focus = `evaluate, params: { script: "document.querySelector('.next').focus()" }`;
  const blocked = await run([focus, ...actions].map((action) => `  - { action: ${action} }`).join("\n"));
  expect(blocked.outcome.outcome.error).toMatchObject({ reason: "GUARDRAIL_BLOCKED", details: { rule: "destructive_click" } });
  expect(site.asked.slice(asked)).not.toContain("GET /deleted");
});

test("a click that would destroy something happens once where the step asks for it", async () => {
  const meant = await run("  - { action: click, selector: .next, effect: commit }");
  expect(meant.outcome.state).toBe(Run_State.COMPLETED);
  expect(site.asked.filter((asked) => asked === "GET /deleted")).toHaveLength(1);
});

test("too many errors in a row end the run, and say what the last one was", async () => {
  const report = await run(
    "  - { action: click, selector: '#none', params: { timeout_ms: 100 } }",
    "guardrails: { max_consecutive_errors: 1 }",
  );
  expect(report.all("actionCompleted").map(({ success }) => success)).toEqual([true, false, false]);
  expect(report.outcome.outcome.error).toMatchObject({ reason: "TOO_MANY_ERRORS", message: expect.stringContaining("#none") });
});

test("[weakness 40] a long playbook of steps that are alike is not stuck", async () => {
  const alike = await run("  - { action: click, selector: '#count' }\n".repeat(25));
  expect(alike.all("stuckDetected")).toEqual([]);
  expect(alike.outcome.state).toBe(Run_State.COMPLETED);
});

test("a playbook that loops in place is told so, and goes on", async () => {
  const list = JSON.stringify(Array.from({ length: 10 }, (_, index) => String(index)));
  const loop = await run(`  - for_each: item\n    in: ${list}\n    steps: [{ action: click, selector: '#count' }]`);
  expect(loop.all("stuckDetected").map(({ severity, rule }) => `${rule} ${severity}`)).toEqual([
    "stuck_repeat hint",
    "stuck_repeat warning",
  ]);
  expect(loop.outcome.state).toBe(Run_State.COMPLETED);
});

test("a challenge that nobody solves ends the run, and its step is not tried again", async () => {
  const report = await run(`  - { action: goto, params: { url: "${site.url}/captcha" }, on_failure: retry }`);
  expect(report.all("captchaDetected")).toMatchObject([{ kind: "hcaptcha", url: `${site.url}/captcha`, resolved: false }]);
  expect(report.all("captchaDetected")[0]?.waitMs).toBeGreaterThanOrEqual(5_000);
  expect(report.outcome.outcome.error).toMatchObject({ reason: "CAPTCHA_FAILED" });
});
