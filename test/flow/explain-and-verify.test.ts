import { copyFile, open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runHere } from "../../packages/cli/src/run-here.fixture.ts";
import { sandboxProcess } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

let system: System;
let temp: TempFolder;
let folder: string;
/** The id of the run that completed. */
let completed: string;

beforeAll(async () => {
  temp = await tempFolder();
  folder = temp.path;
  system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1" });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

/** Runs the command in a folder of its own. */
const clew = (...args: readonly string[]) => runHere(args, { folder, env: { PATH: process.env.PATH, CLEW_URL: system.url } });

/** Explains a run; answers the screen without the times, and the explanation. */
async function explain(runId: string) {
  const { code, out } = await clew("explain", runId);
  expect(code).toBe(0);
  expect(out.split("\n").length).toBeLessThan(45);
  const explanation = JSON.parse((await clew("explain", runId, "--json")).out);
  return { screen: out, explanation };
}

/** Runs each command of ours that an explanation names; a run that it starts is stopped. */
async function followAdvice(next: readonly { readonly command: string }[]) {
  for (const { command } of next) {
    const words = [...command.replace(/^npx /, "").matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const starts = words[1] === "run";
    const { code, out, err } = await clew(...words.slice(1), ...(starts ? ["--detach"] : []));
    expect([command, err]).toEqual([command, code === 0 || code === 1 ? err : ""]);
    if (starts) await clew("stop", out.trim(), "--grace", "0");
  }
}

const write = (baseUrl: string) => `id: write
steps:
  - { action: goto, params: { url: "${baseUrl}/login" } }
  - { action: click, selector: "#never", params: { timeout_ms: 60000 }, description: Press the button }
`;

describe("clew explain", () => {
  it("says of a run that completed what it did and what came of it", async () => {
    const run = await system.clew.createRun(await system.cancelOrder("12345"));
    await run.result();
    completed = run.id;
    const { screen, explanation } = await explain(run.id);
    expect(screen).toMatch(
      /^run-\S+ {2}COMPLETED after \d+\.\d s( \(\d+\.\d s with its wait and start\))?\n\nAsked {5}playbook cancel-order version 1 \(sha256 \w{12}…\), given as text\n/,
    );
    expect(screen).toContain("order_id = 12345");
    expect(screen).toMatch(/Did +\+\d+\.\d s {2}1\. Open the login page {2}\d+\.\d s\n/);
    expect(screen).toMatch(/Result {4}Completed 'cancel-order': 9 steps\.\n {10}confirmation = Order 12345 was cancelled/);
    expect(screen).toContain("to run it again is to do it again");
    expect(explanation).toMatchObject({ state: "COMPLETED", effects: "COMMITTED", unconfirmed: [], stepCount: 9 });
    expect(explanation.deeds.map(({ end }: { readonly end: string }) => end)).toEqual(Array(9).fill("done"));
    await followAdvice(explanation.next);
  });

  it("says of a failed step why, how to see the page, and how to run it again", async () => {
    const run = await system.clew.createRun(await system.cancelOrder("99999"));
    await run.result();
    const { screen, explanation } = await explain(run.id);
    expect(screen).toMatch(/\d\. \S.* {2}FAILED {2}\d+\.\d s {2}.*There is no order 99999/);
    expect(screen).toMatch(/Result {4}Step 6 of 9 .* failed: There is no order 99999\.\nWhy {7}SELECTOR_NOT_FOUND\n/);
    expect(explanation.why.wayOut).not.toBe("");
    const again = explanation.next.findLast(({ command }: { readonly command: string }) => command.startsWith("npx clew run"));
    expect(again.command).toContain(`--param order_id=99999 --param base_url=${system.backOffice.url}`);
    await followAdvice(explanation.next);
  });

  it("says of a sandbox lost in the midst of a write what was begun and not confirmed, and that one has to look", async () => {
    const run = await system.clew.createRun(system.spec(write(system.backOffice.url)));
    for await (const event of run.events())
      if (event.type === "actionStarted" && event.actionStarted.effect === "WRITE")
        process.kill(sandboxProcess(system.volume, "agent").pid, "SIGKILL");
    const { screen, explanation } = await explain(run.id);
    expect(screen).toMatch(/2\. Press the button {2}CUT OFF {2}about to click '#never'\n/);
    expect(screen).toMatch(/Unsure {4}begun and not confirmed: click '#never' \(write, event \d+\)\n/);
    expect(screen).toContain("Result    The sandbox ended unexpectedly.\nWhy       SANDBOX_LOST\n");
    expect(screen).toContain("Again     An action was begun, and nobody knows whether it was done: look before you run it again.");
    expect(explanation).toMatchObject({ effects: "UNKNOWN", unconfirmed: [{ action: "click", effect: "WRITE" }] });
    await followAdvice(explanation.next);
  });

  it("says of a run that goes on where it stands, of one in the queue that it waits, and of one that was stopped who asked and why", async () => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    for await (const event of run.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    const queued = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    const { screen, explanation } = await explain(run.id);
    expect(screen).toMatch(/^run-\S+ {2}RUNNING\n/);
    expect(screen).toContain("Result    It goes on: step 2 of 2.");
    expect(screen).toMatch(/2\. wait for .* {2}goes on\n/);
    expect(screen).not.toContain("Again");
    expect(explanation.next.map(({ command }: { readonly command: string }) => command.split(" ")[2])).toEqual(["stream", "stop"]);
    expect((await explain(queued.id)).screen).toContain("Result    It waits for a place");
    expect((await clew("verify", run.id)).out).toMatch(/^UNFINISHED {2}/);

    await run.stop({ reason: "no longer needed", graceSeconds: 0 });
    await queued.stop({ reason: "changed my mind" });
    await Promise.all([run.result(), queued.result()]);
    const stopped = await explain(run.id);
    expect(stopped.screen).toMatch(/^run-\S+ {2}TERMINATED after /);
    expect(stopped.screen).toContain("Stopped   on request: no longer needed");
    expect((await explain(queued.id)).screen).toContain("Did       nothing yet");
  });

  it("says of a run that timed out how to give it more time", async () => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url), { timeoutSeconds: 5 }));
    await run.result();
    const { screen } = await explain(run.id);
    expect(screen).toContain("Result    The run reached its deadline.\nWhy       TIMED_OUT\n");
    expect(screen).toContain("Give it more time with --timeout");
    expect(screen).toContain("Nothing was changed: it is safe to run again.");
  });
});

describe("clew verify", () => {
  it("finds a real run whole, on the volume and through the gateway alike, and finds one byte that was changed", async () => {
    const run = system.clew.run(completed);
    const ended = await run.get();
    const reader = await clew("verify", run.id, "--json");
    const file = await clew("verify", run.id, "--volume", system.volume, "--json");
    expect([reader.code, file.code]).toEqual([0, 0]);
    const same = { kind: "sound", runId: run.id, events: ended.lastSequence, state: "COMPLETED", resumeToken: ended.resumeToken };
    expect(JSON.parse(reader.out)).toMatchObject({ ...same, source: { gateway: system.url } });
    expect(JSON.parse(file.out)).toMatchObject({ ...same, source: { epoch: 1 } });

    const copy = join(folder, "journal");
    await copyFile(join(system.volume, "runs", run.id, "journal"), copy);
    await using handle = await open(copy, "r+");
    await handle.write(Buffer.from("\u0000"), 0, 1, 500);
    expect(await clew("verify", "journal")).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^DAMAGED {2}run-\S+: event 1 at byte 64: /),
    });
  });
});
