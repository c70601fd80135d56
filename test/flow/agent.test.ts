import { globSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent, RunSpec } from "@clew/client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { applyPlaybookCommand } from "../../packages/cli/src/commands/apply-playbook.ts";
import { toldIn, viewIn } from "../security/compromised-model/told-in.ts";
import { type ModelRequest, type ModelServer, type ModelTurn, modelSettings, startModelServer } from "../support/model-server.ts";
import { type System, startSystem } from "../support/system.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Moves = readonly (readonly [name: string, input: Readonly<Record<string, unknown>>])[];
type Turn = (page: string) => Moves | ModelTurn | Promise<Moves>;

/** What each answer takes. */
const usage = { inputTokens: 1_000, outputTokens: 50 };

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

async function answer({ body }: ModelRequest): Promise<ModelTurn> {
  const { messages, tools } = body;
  if (!Array.isArray(tools) || !JSON.stringify(tools).includes('"done"'))
    return { text: JSON.stringify({ safe: true, reason: "It is a part of it." }) };
  const page = JSON.stringify(Array.isArray(messages) ? messages.at(-1) : "")
    .replaceAll("\\n", "\n")
    .replaceAll('\\\\\\"', '"')
    .replaceAll('\\"', '"');
  try {
    const said = (await turns.shift()?.(page)) ?? [["fail", { reason: "The script is over." }] as const];
    return isMoves(said) ? { toolCalls: said.map(([name, input]) => ({ name, input })), usage } : said;
  } catch (error) {
    return { toolCalls: [{ name: "fail", input: { reason: String(error).slice(0, 2_000) } }] };
  }
}

function isMoves(said: Moves | ModelTurn): said is Moves {
  return Array.isArray(said);
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

/** Every page of the back office, as its code names them, but the challenge, which ends a run; with an order where one is wanted. */
function backOfficePages(): readonly string[] {
  const code = globSync("examples/back-office/src/areas/*.ts").map((file) => readFileSync(file, "utf8"));
  const paths = code.flatMap((text) => [...text.matchAll(/\.get(?:<\w+>)?\("(\/[^"]+)"/g)].map(([, path = ""]) => path));
  const pages = [...new Set(paths)].filter((path) => !/^\/api|^\/challenge$|\.(?:csv|pdf)$/.test(path));
  return pages.map((path) => path.replace(":id", "12345").replace("/slow", "/slow?ms=1"));
}

test("a model is shown at most 16,000 characters of any page of the back office", async () => {
  const { backOffice } = system;
  const pages = backOfficePages();
  expect(pages.length).toBeGreaterThan(20);
  turns = [
    (page) => [
      ["fill", { element: refOf(page, 'textbox "User'), credential_ref: "username" }],
      ["fill", { element: refOf(page, 'textbox "Password'), credential_ref: "password" }],
      ["click", { element: refOf(page, 'button "Log in"') }],
    ],
    ...pages.map(
      (path): Turn =>
        () => [["goto", { url: `${backOffice.url}${path}` }]],
    ),
    () => [["done", { summary: "All are seen." }]],
  ];
  const before = server.requests.length;
  const { run } = await start({
    directive: `Log in at ${backOffice.url}/login and read all pages`,
    startUrl: `${backOffice.url}/login`,
    credentials: { username: "demo", password: "demo" },
    guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] },
  });
  expect(run.outcome).toMatchObject({ summary: "All are seen." });
  const views = server.requests
    .slice(before)
    .filter(({ text }) => text.includes('"name":"done"'))
    .map(viewIn);
  expect(views.length).toBeGreaterThanOrEqual(pages.length + 2);
  expect(views.map(({ length }) => length).filter((length) => length === 0 || length > 16_000)).toEqual([]);
  for (const path of ["/orders/12345/files", "/payments", "/reports"]) expect(views.join()).toContain(`${backOffice.url}${path}`);
}, 240_000);

/** A directive that reads the back office's first page, which has two turns. */
const reading = () => ({
  directive: `Read what ${system.backOffice.url}/login says`,
  startUrl: `${system.backOffice.url}/login`,
  guardrails: { allowedPrivateHosts: [new URL(system.backOffice.url).host] },
  recording: { trace: false },
});

test("a run that continues is told what its parent's agent noted, as what no one instructs it to", async () => {
  turns = [() => [["extract", {}]], () => [["done", { summary: "It asks to log in." }]]];
  const parent = await start({ ...reading(), keepAliveSeconds: 600 });
  expect(parent.run.outcome).toMatchObject({ summary: "It asks to log in.", sessionMemory: expect.stringContaining("Read the page: ") });
  expect(parent.types).toContain("sandboxKept");

  const before = server.requests.length;
  turns = [() => [["done", { summary: "It still does." }]]];
  const { startUrl: _opened, ...more } = reading();
  const child = await start({ ...more, directive: "Read it again", continueFrom: parent.run.id });
  expect(child.run).toMatchObject({ state: "COMPLETED", parentRun: parent.run.id, outcome: { summary: "It still does." } });
  const [asked] = server.requests.slice(before);
  if (asked === undefined) throw new Error("No model was asked.");
  expect(viewIn(asked)).toContain(`${system.backOffice.url}/login`);
  const told = toldIn(asked).join("\n");
  const [, , noted] =
    /was noted in the run before this one[^[]*\[web-content (\w+)\]\n([\s\S]*?)\n\[end of web-content \1\]/.exec(told) ?? [];
  expect(noted).toBe(parent.run.outcome?.sessionMemory);
}, 240_000);

test("a stop ends a run in the midst of a model's call, without waiting for the answer, and what it used is kept", async () => {
  const asked = Promise.withResolvers<void>();
  turns = [
    () => [["extract", {}]],
    () => {
      asked.resolve();
      return { hang: "silent" };
    },
  ];
  const before = server.abandoned;
  const run = await system.clew.createRun(reading());
  await asked.promise;
  await run.stop({ reason: "no longer needed", graceSeconds: 120 });
  const { state, outcome, run: ended } = await run.result();
  expect([state, outcome.error?.reason, outcome.summary]).toEqual([
    "TERMINATED",
    "TERMINATED",
    "A caller stopped the run: no longer needed",
  ]);
  expect(outcome.extractedTexts.join()).toContain("Log in");
  expect(server.abandoned).toBe(before + 1);
  const calls = (await Array.fromAsync(run.events())).flatMap((event) => (event.type === "modelCalled" ? [event.modelCalled] : []));
  expect(calls.map(({ outputTokens, error }) => [outputTokens, error?.reason])).toMatchObject([
    [50, undefined],
    [expect.any(Number), "MODEL_FAILED"],
  ]);
  expect(ended.usage).toMatchObject({ modelCalls: 2, inputTokens: calls.reduce((sum, { inputTokens }) => sum + inputTokens, 0) });
  expect(ended.usage?.inputTokens).toBeGreaterThan(1_000);
}, 100_000);

test("a run whose orchestrator is killed in the midst of a model's call goes on with the answer, and does nothing twice", async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  turns = [
    (page) => [["fill", { element: refOf(page, 'textbox "User'), text: "someone" }]],
    async () => {
      asked.resolve();
      await answered.promise;
      return [["extract", {}]];
    },
    () => [["done", { summary: "It asks to log in." }]],
  ];
  const before = server.requests.length;
  const run = await system.clew.createRun({ ...reading(), directive: `Fill in the user someone at ${system.backOffice.url}/login` });
  await asked.promise;
  await system.restart(undefined, "kill");
  answered.resolve();
  const again = system.clew.run(run.id);
  const { state, outcome, run: ended } = await again.result();
  expect(outcome).toMatchObject({ summary: "It asks to log in." });
  expect([state, ended.attempt]).toEqual(["COMPLETED", 1]);
  expect(server.requests.length).toBe(before + 3);
  const events = await Array.fromAsync(again.events());
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  const done = events.flatMap((event) => (event.type === "actionCompleted" ? [event.actionCompleted.action] : []));
  expect(done).toEqual(["goto", "fill", "extract"]);
  expect(ended.usage).toMatchObject({ modelCalls: 3, inputTokens: 3_000, outputTokens: 150 });
}, 240_000);
