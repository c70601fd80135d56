import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent, RunSpec } from "@clew/client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ModelServer, type ModelTurn, modelSettings, startModelServer } from "../support/model-server.ts";
import { type System, startSystem } from "../support/system.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const key = "sk-operator-0123456789abcdef";
const model = "anthropic:claude-sonnet-4-5";
const nobody: ModelTurn = { status: 400, message: "Nobody was to be asked." };

let folder: TempFolder;
let server: ModelServer;
let system: System;
/** What the model answers next, turn after turn. */
let turns: ((page: string) => ModelTurn)[];

beforeAll(async () => {
  folder = await tempFolder();
  const config = join(folder.path, "clew.yaml");
  await writeFile(config, JSON.stringify({ CLEW_MODELS: { [model]: { input: 3, output: 15 } } }));
  server = await startModelServer(({ text }) => turns.shift()?.(text) ?? nobody);
  system = await startSystem({ CLEW_CONFIG: config, CLEW_MODEL: model, CLEW_SANDBOX: "bubblewrap", ...modelSettings(server, key) });
}, 120_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

beforeEach(() => {
  turns = [];
});

async function start(spec: RunSpec) {
  const run = await system.clew.createRun({ recording: { trace: false }, ...spec });
  const events: RunEvent[] = [];
  for await (const event of run.events()) events.push(event);
  const called = events.flatMap((event) => (event.type === "modelCalled" ? [event.modelCalled] : []));
  const started = events.flatMap((event) => (event.type === "actionStarted" ? [event.actionStarted] : []));
  const actions = started.map(({ actionId, stepId, tool, action, inputSummary, effect }) => {
    const success = events.flatMap((event) =>
      event.type === "actionCompleted" && event.actionCompleted.actionId === actionId ? [event.actionCompleted.success] : [],
    );
    return { actionId, stepId, tool, action, inputSummary, effect, success };
  });
  return { run: await run.get(), called, actions };
}

/** Uploads the cassette that a run left. */
async function cassetteOf(id: string): Promise<string> {
  const kept = await system.clew.run(id).artifact("cassette.jsonl");
  return (await system.clew.uploadFile("cassette.jsonl", await kept.blob())).fileId;
}

const recording = { trace: false, cassette: true };

test("a run calls models without their keys, within its budget, and again from a cassette without any model", async () => {
  const { backOffice, volume } = system;
  const playbook = JSON.stringify({
    id: "reading",
    steps: [
      { action: "goto", params: { url: `${backOffice.url}/login` } },
      { action: "llm_extract", prompt: "the heading of the page", store_as: "heading", on_failure: "abort" },
    ],
  });
  turns = [() => ({ text: '{"found":true,"value":"Log in"}', usage: { inputTokens: 1_000, outputTokens: 100 } })];
  const recorded = await start(system.spec(playbook, { recording }));
  expect(recorded.run).toMatchObject({ state: "COMPLETED", spec: { model }, outcome: { data: { heading: "Log in" } } });
  expect(recorded.run.usage).toMatchObject({ modelCalls: 1, inputTokens: 1_000, outputTokens: 100 });
  expect(recorded.run.usage.costUsd).toBeCloseTo(0.0045, 9);
  expect(recorded.called).toMatchObject([{ model, purpose: "extract", inputTokens: 1_000 }]);
  expect(server.requests.at(-1)?.headers["x-api-key"]).toBe(key);

  const asked = server.requests.length;
  const replayed = await start(system.spec(playbook, { cassette: await cassetteOf(recorded.run.id) }));
  expect(replayed.run).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Log in" } }, usage: { inputTokens: 1_000 } });

  const poor = await start(system.spec(playbook, { budget: { maxCostUsd: 0.000_001 } }));
  expect(poor.run).toMatchObject({ state: "FAILED", outcome: { error: { reason: "BUDGET_EXCEEDED" } }, usage: { modelCalls: 0 } });
  expect(server.requests).toHaveLength(asked);

  await expect(start(system.spec(playbook, { model: "openai:gpt-5" }))).rejects.toMatchObject({
    reason: "INVALID_REQUEST",
    message: expect.stringContaining("CLEW_MODELS"),
  });
  for (const entry of await readdir(volume, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) expect(await readFile(join(entry.parentPath, entry.name), "latin1"), entry.name).not.toContain(key);
}, 240_000);

test("an agent does from a cassette what it did, action by action, and says where a page has changed since", async () => {
  const { backOffice } = system;
  const refOf = (page: string, words: string) => /\[ref=([^\]]+)\]/.exec(page.slice(page.lastIndexOf(words)))?.[1] ?? "";
  const use = (...toolCalls: { name: string; input: unknown }[]): ModelTurn => ({ toolCalls });
  turns = [
    (page) =>
      use(
        { name: "fill", input: { element: refOf(page, 'textbox \\"User'), credential_ref: "username" } },
        { name: "fill", input: { element: refOf(page, 'textbox \\"Password'), credential_ref: "password" } },
        { name: "click", input: { element: refOf(page, 'button \\"Log in') } },
      ),
    (page) => use({ name: "click", input: { element: refOf(page, 'link \\"12345') } }),
    () => use({ name: "extract", input: {} }, { name: "click", input: { element: "e99999" } }),
    () => use({ name: "goto", input: { url: "https://elsewhere.example/" } }),
    () => use({ name: "go_back", input: {} }),
    () => use({ name: "done", input: { summary: "It is there.", data: { order: 12345 } } }),
  ];
  const spec: RunSpec = {
    directive: `Log in at ${backOffice.url}/login and open the order 12345`,
    startUrl: `${backOffice.url}/login`,
    credentials: { username: "demo", password: "demo" },
    guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host], enableLlmActionCheck: false },
  };
  const recorded = await start({ ...spec, recording });
  expect(recorded.run.outcome).toMatchObject({ data: { order: 12345 } });
  const asked = server.requests.length;
  const cassette = await cassetteOf(recorded.run.id);

  const replayed = await start({ ...spec, cassette });
  expect(replayed.actions).toEqual(recorded.actions);
  expect(recorded.actions.map(({ action }) => action)).toEqual(["goto", "fill", "fill", "click", "click", "extract", "go_back"]);
  expect(replayed.run.outcome).toEqual(recorded.run.outcome);
  const { modelCalls, inputTokens, costUsd } = recorded.run.usage;
  expect(replayed.run.usage).toMatchObject({ modelCalls, inputTokens, costUsd });

  const other = await start({ ...spec, directive: `${spec.directive} now`, cassette });
  expect(other.run).toMatchObject({ state: "FAILED", outcome: { error: { reason: "CASSETTE_MISMATCH" } } });
  expect(other.run.outcome?.error?.message).toContain("open the order 12345 now");
  expect(server.requests).toHaveLength(asked);
}, 240_000);
