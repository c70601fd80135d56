import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Effect, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "./browser/site.fixture.ts";
import { ReportInMemory, WorkRoom } from "./work.fixture.ts";

const form = `<title>Form</title><h1>Form</h1><form method="post" action="/done"><input name="q"><button>Send</button></form>`;
const done = "<title>Done</title><h1>It is done</h1>";

/** Its browser is that of every work but the one it is killed under. */
let shared: WorkRoom;
beforeAll(async () => {
  shared = await WorkRoom.open();
});
afterAll(() => shared[Symbol.asyncDispose]());

test("says a step's events in their order, and has an intent confirmed before the site hears of it", async () => {
  await using site = await startSite({ "/": form, "/done": done });
  await using room = await shared.beside();
  const heardAtConfirm: number[] = [];
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case === "actionStarted" && payload.value.effect !== Effect.READ) heardAtConfirm.push(site.bodies.length);
  });
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}/?secret=1" } }
  - { action: key_press, selector: input, params: { text: "hush" } }
  - { action: click, selector: button, effect: commit, verify: { expect_text_on_page: It is done } }
  - { action: extract, selector: h1, store_as: heading }`;
  const work = room.start(
    {
      playbookSource,
      spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] }, recording: { trace: true, screenshots: true } },
    },
    report,
  );
  await work.done;

  const step = ["stepStarted", "actionStarted", "actionCompleted", "stepCompleted"];
  const moving = ["stepStarted", "actionStarted", "actionCompleted", "pageChanged", "stepCompleted"];
  const kept = Array.from({ length: 6 }, () => "artifactReady");
  expect(report.kinds).toEqual(["runStarted", ...moving, ...step, ...moving, ...step, "outcomePublished", ...kept]);
  expect(report.confirmed.map(({ payload }) => payload.$case === "actionStarted" && payload.value.effect)).toEqual([
    Effect.WRITE,
    Effect.COMMIT,
  ]);
  expect(heardAtConfirm).toEqual([0, 0]);
  expect(site.bodies).toEqual(["q=hush"]);
  expect(report.outcome.state).toBe(Run_State.COMPLETED);
  expect(report.outcome.outcome).toMatchObject({ data: { heading: "It is done" }, extractedTexts: ["It is done"] });
  expect(report.all("pageChanged").map(({ url, title, status }) => ({ url, title, status }))).toEqual([
    { url: `${site.url}/`, title: "Form", status: 200 },
    { url: `${site.url}/done`, title: "Done", status: 200 },
  ]);
  expect(new Set(report.all("actionStarted").map(({ actionId }) => actionId)).size).toBe(4);
  expect(JSON.stringify(report.events)).not.toMatch(/hush|secret=1/);

  const trace = report.all("artifactReady").find(({ name }) => name === "trace.zip");
  const bytes = await room.read("trace.zip");
  expect(trace).toMatchObject({ sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  expect(bytes.subarray(0, 2).toString()).toBe("PK");
});

test("fails where its folder cannot be written, and says so", async () => {
  await using room = await shared.beside();
  // Where the folder of its files would be.
  await writeFile(join(room.folder, "files"), "");
  const report = new ReportInMemory();
  const work = room.start({ playbookSource: "steps: [{ action: wait, params: { ms: 1 } }]" }, report);
  await work.done;
  expect(report.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "INTERNAL" } } });
  expect(await work.stop(0)).toMatchObject({ error: { reason: "INTERNAL" } });
});

test("fails with the step's failure_message and a picture, after one more try", async () => {
  await using site = await startSite({ "/": form });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }, { name: who }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: click, selector: { primary: "#missing", fallbacks: [text=Nowhere] }, failure_message: "There is no button for {who}." }
  - { action: extract }`;
  const work = room.start(
    { playbookSource, spec: { params: { url: site.url, who: "{url}" }, guardrails: { allowedPrivateHosts: [site.host] } } },
    report,
  );
  await work.done;
  const { state, outcome } = report.outcome;
  expect(state).toBe(Run_State.FAILED);
  expect(outcome.error).toMatchObject({
    code: "NOT_FOUND",
    reason: "SELECTOR_NOT_FOUND",
    message: "There is no button for {url}.",
    details: { step: "2" },
  });
  const failed = report.all("actionCompleted").filter(({ success }) => !success);
  expect(failed.map(({ error }) => error?.message)).toEqual(
    Array(2).fill(`No selector matched a visible element: tried '#missing', 'text=Nowhere' on ${site.url}/.`),
  );
  expect(report.all("stepCompleted").at(-1)).toMatchObject({ success: false, stepIndex: 1, screenshot: "failure-step-2.jpg" });
  expect(report.all("stepStarted")).toHaveLength(2);
  expect((await room.read("failure-step-2.jpg")).subarray(0, 3).toString("hex")).toBe("ffd8ff");
});

test("never does an action twice that must not happen twice", async () => {
  await using site = await startSite({ "/": form, "/done": "<h1>Sorry</h1>" });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: click, selector: button, effect: commit, on_failure: retry, verify: { expect_text_on_page: It is done, timeout_ms: 200 } }`;
  await room.start({ playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] } } }, report).done;
  expect(report.outcome.outcome.error).toMatchObject({ reason: "VERIFICATION_FAILED" });
  expect(site.asked.filter((line) => line.startsWith("POST"))).toHaveLength(1);
});

test("lets a running action finish when it is stopped, begins none, and keeps what there is", async () => {
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using site = await startSite({
    "/": form,
    "/done": async () => {
      arrived.resolve();
      await answer.promise;
      return done;
    },
  });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: extract, selector: h1, store_as: first }
  - { action: click, selector: button }
  - { action: extract, selector: h1, store_as: second }`;
  const work = room.start(
    { playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] }, recording: { trace: true } } },
    report,
  );
  await arrived.promise;
  const stopped = work.stop(10_000);
  answer.resolve();
  const partial = await stopped;
  await work.done;
  expect(partial).toMatchObject({ summary: "Stopped after 3 of 4 steps.", data: { first: "Form" }, extractedTexts: ["Form"] });
  expect(report.all("outcomePublished")).toEqual([]);
  expect(report.all("actionCompleted").at(-1)).toMatchObject({ action: "click", success: true });
  expect(report.all("stepStarted")).toHaveLength(3);
  expect(report.kinds.at(-1)).toBe("artifactReady");
});

test("cuts a running action off when its grace is over, and leaves it unconfirmed", async () => {
  const arrived = Promise.withResolvers<void>();
  await using site = await startSite({
    "/": form,
    "/done": () => {
      arrived.resolve();
      return undefined;
    },
  });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: click, selector: button, params: { timeout_ms: 60000 } }`;
  const work = room.start(
    { playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] } } },
    report,
  );
  await arrived.promise;
  void work.stop(60_000);
  const startedAt = performance.now();
  await work.stop(0);
  await work.done;
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(report.all("actionStarted").map(({ action }) => action)).toEqual(["goto", "click"]);
  expect(report.all("actionCompleted").map(({ action }) => action)).toEqual(["goto"]);
  expect(report.all("outcomePublished")).toEqual([]);
});

test("does not act on an intent that was confirmed only after the stop", async () => {
  await using site = await startSite({ "/": form, "/done": done });
  await using room = await shared.beside();
  const intended = Promise.withResolvers<void>();
  const confirmed = Promise.withResolvers<void>();
  const report = new ReportInMemory(async ({ payload }) => {
    if (payload.$case !== "actionStarted" || payload.value.effect === Effect.READ) return;
    intended.resolve();
    await confirmed.promise;
  });
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: click, selector: button }`;
  const work = room.start(
    { playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] } } },
    report,
  );
  await intended.promise;
  const stopped = work.stop(10_000);
  confirmed.resolve();
  await stopped;
  await work.done;
  expect(site.asked).toEqual(["GET /"]);
  expect(report.all("actionCompleted").at(-1)).toMatchObject({ action: "click", success: false, error: { reason: "TERMINATED" } });
});

test("fails with BROWSER_CRASHED when the browser is killed, and leaves the running action unconfirmed", async () => {
  const arrived = Promise.withResolvers<void>();
  await using site = await startSite({
    "/": form,
    "/done": () => {
      arrived.resolve();
      return undefined;
    },
  });
  await using room = await WorkRoom.open();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: click, selector: button, failure_message: It did not work. }`;
  const work = room.start(
    { playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] }, recording: { trace: true } } },
    report,
  );
  await arrived.promise;
  room.killBrowser();
  await work.done;
  expect(report.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "BROWSER_CRASHED", retryable: true } } });
  expect(report.all("actionCompleted").map(({ action }) => action)).toEqual(["goto"]);
  expect(report.all("warningRaised").map(({ reason }) => reason)).toEqual(["TRACE_LOST"]);
});

test("[weakness 10] keeps the browser from private networks and other schemes, also when a site leads there", async () => {
  await using secret = await startSite({ "/": "<h1>Secret</h1>" });
  await using site = await startSite({ "/": `<a href="${secret.url}">go</a>` });
  const run = async (params: Record<string, string>) => {
    await using room = await shared.beside();
    const report = new ReportInMemory();
    const playbookSource = `
parameters: [{ name: url }]
steps:
  - { action: goto, params: { url: "{url}" }, failure_message: No way. }
  - { action: click, selector: a }
  - { action: extract }`;
    await room.start({ playbookSource, spec: { params, guardrails: { allowedPrivateHosts: [site.host] } } }, report).done;
    return report;
  };
  // One after the other: each watches its browser whole, as one that has it to itself.
  const direct = await run({ url: secret.url });
  const file = await run({ url: "file:///etc/passwd" });
  const led = await run({ url: site.url });
  expect(direct.all("actionBlocked")).toMatchObject([{ rule: "private_network", action: "goto" }]);
  expect(direct.all("actionStarted")).toEqual([]);
  expect(direct.outcome.outcome.error).toMatchObject({
    reason: "GUARDRAIL_BLOCKED",
    message: expect.not.stringContaining("No way."),
  });
  expect(file.all("actionBlocked")).toMatchObject([{ rule: "scheme" }]);
  expect(led.all("guardrailTripped")).toMatchObject([{ rule: "private_network", url: `${secret.url}/` }]);
  expect(led.outcome.outcome).toMatchObject({ extractedTexts: [], error: { reason: "GUARDRAIL_BLOCKED" } });
});

test("takes values for what they are, wherever they stand, and hands found texts on to later steps", async () => {
  const tricky = `a"]b'c\\ >> {url}`;
  const escaped = tricky.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  await using site = await startSite({
    "/": `<p data-name="x">wrong</p><p data-name="${escaped}">right</p><a href="/next">right</a>`,
    "/next": (request) => `<h1>${new URL(request.url ?? "", "http://site").searchParams.get("q")?.length}</h1>`,
  });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }, { name: name }]
steps:
  - { action: goto, params: { url: "{url}" } }
  - { action: extract, selector: '[data-name="{name}"]', store_as: word }
  - { action: click, selector: 'a:text-is("{word}")', verify: { expect_url_contains: /next } }
  - { action: goto, params: { url: "{url}/next?q={name}" } }
  - { action: extract, selector: h1, store_as: length }`;
  await room.start(
    { playbookSource, spec: { params: { url: site.url, name: tricky }, guardrails: { allowedPrivateHosts: [site.host] } } },
    report,
  ).done;
  expect(report.outcome.outcome.data).toEqual({ word: "right", length: String(tricky.length) });
});

test("keeps a long text whole in a file, and a preview in the events", async () => {
  const long = "ü".repeat(30_000);
  await using site = await startSite({ "/": `<p>${long}</p>` });
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const playbookSource = `
parameters: [{ name: url }]
start_url: "{url}"
steps: [{ action: extract, store_as: all }, { action: extract, selector: p }]`;
  await room.start(
    { attempt: 2, playbookSource, spec: { params: { url: site.url }, guardrails: { allowedPrivateHosts: [site.host] } } },
    report,
  ).done;
  const [step] = report.all("stepCompleted");
  expect(step).toMatchObject({ resultText: "ü".repeat(2048), truncated: true, resultArtifact: "text-step-1-2.txt" });
  expect((await room.read("text-step-1-2.txt")).toString()).toBe(long);
  expect(report.outcome.outcome).toMatchObject({ truncated: true, dataArtifact: "outcome-2.json" });
  expect(JSON.parse((await room.read("outcome-2.json")).toString())).toEqual({ data: { all: long }, extractedTexts: [long, long] });
  for (const { payload } of report.events) expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThan(64 * 1024);
});

test("fails a playbook that cannot be read without touching the browser", async () => {
  await using room = await shared.beside();
  const report = new ReportInMemory();
  await room.start({ playbookSource: "steps: [{ action: click }]" }, report).done;
  expect(report.kinds).toEqual(["runStarted", "outcomePublished"]);
  expect(report.outcome.outcome.error).toMatchObject({
    reason: "PLAYBOOK_INVALID",
    message: expect.stringContaining("steps[0].selector"),
  });
});
