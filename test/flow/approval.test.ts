import type { Run, RunHandle } from "@clew/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerCommand } from "../../packages/cli/src/commands/answer.ts";
import { type ModelServer, modelSettings, startModelServer } from "../support/model-server.ts";
import { type System, startSystem } from "../support/system.ts";

let server: ModelServer;
let system: System;

/** A model that logs in, fills in the form it is shown, and pays, which nobody asked it to. */
beforeAll(async () => {
  server = await startModelServer(({ body }) => {
    const messages: unknown[] = Array.isArray(body["messages"]) ? body["messages"] : [];
    const page = JSON.stringify(messages.at(-1)).replaceAll("\\n", "\n").replaceAll('\\"', '"');
    const element = (words: string) => new RegExp(`${words}[^\\n]*?\\[ref=([^\\]]+)\\]`).exec(page)?.[1] ?? "";
    const call = (name: string, input: object) => ({ name, input });
    if (page.includes("Paid order")) return { toolCalls: [call("done", { summary: "It is filled in." })] };
    if (page.includes("a person denied it")) return { toolCalls: [call("fail", { reason: "I may not." })] };
    if (page.includes('button "Pay"'))
      return {
        toolCalls: [
          call("fill", { element: element("Name on the card"), text: "Jane" }),
          call("click", { element: element('button "Pay"') }),
        ],
      };
    if (!page.includes('"Password"')) return { toolCalls: [call("goto", { url: `${system.backOffice.url}/payments/details` })] };
    return {
      toolCalls: [
        call("fill", { element: element('textbox "User'), text: "demo" }),
        call("fill", { element: element('textbox "Password'), credential_ref: "password" }),
        call("click", { element: element('button "Log in"') }),
      ],
    };
  });
  system = await startSystem({ CLEW_MODEL: "openai-compatible:scripted", ...modelSettings(server) });
}, 120_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Starts a run that was asked to fill in a form, and waits until it asks whether it may pay. */
async function untilAsked(): Promise<RunHandle & { readonly awaits: NonNullable<Run["awaits"]> }> {
  const { backOffice, clew } = system;
  const run = await clew.createRun({
    directive: "Log in as demo and enter the name Jane on the card",
    credentials: { password: "demo" },
    startUrl: `${backOffice.url}/payments/details`,
    profile: "form_filling",
    waitForPersonSeconds: 120,
    recording: { trace: false },
    guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] },
  });
  for await (const event of run.events()) if (event.type === "inputRequested") return Object.assign(run, { awaits: event.inputRequested });
  throw new Error(`It asked nothing: ${JSON.stringify((await run.readEvents({ limit: 50 })).events.map(({ summary }) => summary))}`);
}

test("what nobody asked for waits for a person, through a restart of every service, and is done once it is approved", async () => {
  const run = await untilAsked();
  const { awaits } = run;
  expect(awaits).toMatchObject({ kind: "APPROVE", prompt: expect.stringContaining("'Pay'"), actionId: expect.any(String) });
  expect(awaits.screenshot).toBe(`approve-${awaits.actionId}.jpg`);
  await system.restart(undefined, "kill");
  const handle = system.clew.run(run.id);
  expect(await handle.get()).toMatchObject({ state: "WAITING", awaits: { inputId: awaits.inputId } });
  expect(system.backOffice.payments).toEqual([]);
  const answered = await fetch(`${system.url}/v1/runs/${run.id}/inputs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputId: awaits.inputId, decision: "approve" }),
  });
  expect(answered.status).toBe(200);
  expect(await handle.result()).toMatchObject({ state: "COMPLETED" });
  expect(system.backOffice.payments).toEqual([expect.objectContaining({ holder: "Jane" })]);
}, 240_000);

test("what a person denies is not done, and the run says why it failed", async () => {
  const run = await untilAsked();
  const output = { json: false, command: (words: string) => words, say: () => {}, remark: () => {}, emit: () => {}, fail: () => {} };
  const before = system.backOffice.payments.length;
  await answerCommand(system.clew, output, run.id, { deny: true });
  expect(await system.clew.run(run.id).result()).toMatchObject({ state: "FAILED", outcome: { error: { reason: "TASK_FAILED" } } });
  expect(system.backOffice.payments.length).toBe(before);
  const { events } = await system.clew.run(run.id).readEvents({ limit: 200 });
  expect(events.find(({ type }) => type === "actionBlocked")).toMatchObject({
    actionBlocked: { rule: "destructive_click", message: expect.stringContaining("a person denied it") },
  });
}, 240_000);
