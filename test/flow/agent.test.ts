import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent, RunSpec } from "@clew/client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { applyPlaybookCommand } from "../../packages/cli/src/commands/apply-playbook.ts";
import { type ModelRequest, type ModelServer, type ModelTurn, modelSettings, startModelServer } from "../support/model-server.ts";
import { type System, startSystem } from "../support/system.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Turn = (page: string) => readonly (readonly [name: string, input: Readonly<Record<string, unknown>>])[];

let server: ModelServer;
let system: System;
/** What the model does next, turn after turn. */
let turns: Turn[];

beforeAll(async () => {
  server = await startModelServer(answer);
  system = await startSystem({ CLEW_MODEL: "anthropic:claude-sonnet-4-5", ...modelSettings(server) });
}, 120_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

beforeEach(() => {
  turns = [];
});

function answer({ body }: ModelRequest): ModelTurn {
  const { messages, tools } = body;
  if (!Array.isArray(tools) || !JSON.stringify(tools).includes('"done"'))
    return { text: JSON.stringify({ safe: true, reason: "It is a part of it." }) };
  const page = JSON.stringify(Array.isArray(messages) ? messages.at(-1) : "")
    .replaceAll("\\n", "\n")
    .replaceAll('\\\\\\"', '"')
    .replaceAll('\\"', '"');
  try {
    const calls = turns.shift()?.(page) ?? [["fail", { reason: "The script is over." }] as const];
    return { toolCalls: calls.map(([name, input]) => ({ name, input })) };
  } catch (error) {
    return { toolCalls: [{ name: "fail", input: { reason: String(error).slice(0, 2_000) } }] };
  }
}

/** The ref of the last element whose line says this. */
function refOf(page: string, words: string): string {
  const line = page.split("\n").findLast((text) => text.includes(words) && text.includes("[ref="));
  const ref = /\[ref=([^\]]+)\]/.exec(line ?? "")?.[1];
  if (ref === undefined) throw new Error(`No element says ${words}:\n${page}`);
  return ref;
}

const click =
  (words: string): Turn =>
  (page) => [["click", { element: refOf(page, words) }]];

async function start(spec: RunSpec) {
  const run = await system.clew.createRun({ recording: { trace: false }, ...spec });
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  return { run: await run.get(), events, types: events.map(({ type }) => type) };
}

test("a directive is done by an agent, with proof at the server, and counted to the last token", async () => {
  const { backOffice } = system;
  turns = [
    (page) => [
      ["fill", { element: refOf(page, 'textbox "User'), credential_ref: "username" }],
      ["fill", { element: refOf(page, 'textbox "Password'), credential_ref: "password" }],
      ["click", { element: refOf(page, 'button "Log in"') }],
    ],
    (page) => [["click", { element: refOf(page, 'link "12345"') }]],
    click('button "Cancel order"'),
    click('button "Yes, cancel it"'),
    () => [["done", { summary: "Order 12345 is cancelled.", data: { order: 12345 } }]],
  ];
  const { run, types } = await start({
    directive: `Log in at ${backOffice.url}/login and cancel the order 12345`,
    startUrl: `${backOffice.url}/login`,
    credentials: { username: "demo", password: "demo" },
    guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] },
    checks: [{ name: "it is cancelled", textOnPage: "was cancelled" }],
    outputSchema: { type: "object", properties: { order: { type: "integer" } }, required: ["order"] },
  });
  expect(run.outcome).toMatchObject({ summary: "Order 12345 is cancelled.", data: { order: 12345 } });
  expect(run.state).toBe("COMPLETED");
  expect(backOffice.orders.get("12345")?.status).toBe("cancelled");
  expect(run.usage.modelCalls).toBe(types.filter((type) => type === "modelCalled").length);
  expect(run.usage.modelCalls).toBeGreaterThanOrEqual(5);
  expect(run.effects).toBe("COMMITTED");
  expect((await system.clew.run(run.id).artifacts()).map(({ name }) => name)).toContain("proposed-playbook.yaml");
}, 240_000);

test("a playbook whose page changed is finished by an agent; what that proposes, applied, needs none", async () => {
  await using folder = await tempFolder();
  const { backOffice, clew } = system;
  const file = join(folder.path, "cancel-order.yaml");
  const usual = await readFile("examples/playbooks/cancel-order.yaml", "utf8");
  // As it was written for a page whose button had another name.
  const old = usual.replace(
    '{ primary: "#cancel", fallbacks: [\'role=button[name="Cancel order"]\']',
    "{ primary: 'role=button[name=\"Abort order\"]'",
  );
  expect(old).not.toBe(usual);
  await writeFile(file, old);
  const params = (order: string) => ({ params: { order_id: order, base_url: backOffice.url } });

  turns = [
    click('button "Cancel order"'),
    click('button "Yes, cancel it"'),
    () => [["done", { summary: "It is cancelled.", data: { confirmation: "Order 12346 was cancelled" } }]],
  ];
  const recovered = await start(system.spec(old, params("12346")));
  expect(recovered.run.outcome).toMatchObject({ data: { confirmation: "Order 12346 was cancelled" } });
  expect(recovered.run.state).toBe("COMPLETED");
  expect(backOffice.orders.get("12346")?.status).toBe("cancelled");
  expect(recovered.types).toEqual(expect.arrayContaining(["recoveryStarted", "modelCalled", "recoveryEnded"]));

  const output = { json: false, command: (words: string) => words, say: () => {}, remark: () => {}, emit: () => {}, fail: () => {} };
  expect(await applyPlaybookCommand(clew, output, recovered.run.id, file, { yes: true })).toBe(0);
  const asked = server.requests.length;
  const again = await start(system.spec(await readFile(file, "utf8"), params("12347")));
  expect(again.run.state).toBe("COMPLETED");
  expect(backOffice.orders.get("12347")?.status).toBe("cancelled");
  expect(server.requests.length).toBe(asked);
}, 240_000);
