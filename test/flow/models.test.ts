import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent, RunSpec } from "@clew/client";
import { expect, test } from "vitest";
import { modelSettings, startModelServer } from "../support/model-server.ts";
import { startSystem } from "../support/system.ts";
import { tempFolder } from "../support/temp-folder.ts";

const key = "sk-operator-0123456789abcdef";
const model = "anthropic:claude-sonnet-4-5";

test("a run calls models without their keys, within its budget, and again from a cassette without any model", async () => {
  await using folder = await tempFolder();
  const config = join(folder.path, "clew.yaml");
  await writeFile(config, JSON.stringify({ CLEW_MODELS: { [model]: { input: 3, output: 15 } } }));
  await using server = await startModelServer(() => ({
    text: '{"found":true,"value":"Log in"}',
    usage: { inputTokens: 1_000, outputTokens: 100 },
  }));
  await using system = await startSystem({
    CLEW_CONFIG: config,
    CLEW_MODEL: model,
    CLEW_SANDBOX: "bubblewrap",
    ...modelSettings(server, key),
  });
  const { clew, backOffice, volume } = system;
  const playbook = JSON.stringify({
    id: "reading",
    steps: [
      { action: "goto", params: { url: `${backOffice.url}/login` } },
      { action: "llm_extract", prompt: "the heading of the page", store_as: "heading", on_failure: "abort" },
    ],
  });
  const start = async (more: Partial<RunSpec>) => {
    const run = await clew.createRun(system.spec(playbook, { recording: { trace: false }, ...more }));
    const events: RunEvent[] = [];
    for await (const event of run.events()) events.push(event);
    const called = events.flatMap((event) => (event.type === "modelCalled" ? [event.modelCalled] : []));
    return { called, run: await run.get() };
  };

  const recorded = await start({ recording: { trace: false, cassette: true } });
  expect(recorded.run).toMatchObject({ state: "COMPLETED", spec: { model }, outcome: { data: { heading: "Log in" } } });
  expect(recorded.run.usage).toMatchObject({ modelCalls: 1, inputTokens: 1_000, outputTokens: 100 });
  expect(recorded.run.usage.costUsd).toBeCloseTo(0.0045, 9);
  expect(recorded.called).toMatchObject([{ model, purpose: "extract", inputTokens: 1_000 }]);
  expect(server.requests[0]?.headers["x-api-key"]).toBe(key);

  const cassette = await clew.run(recorded.run.id).artifact("cassette.jsonl");
  const { fileId } = await clew.uploadFile("cassette.jsonl", await cassette.blob());
  const replayed = await start({ cassette: fileId });
  expect(replayed.run).toMatchObject({
    state: "COMPLETED",
    outcome: { data: { heading: "Log in" } },
    usage: { modelCalls: 1, inputTokens: 1_000 },
  });
  expect(server.requests).toHaveLength(1);

  const poor = await start({ budget: { maxCostUsd: 0.000_001 } });
  expect(poor.run).toMatchObject({ state: "FAILED", outcome: { error: { reason: "BUDGET_EXCEEDED" } }, usage: { modelCalls: 0 } });
  expect(server.requests).toHaveLength(1);

  await expect(start({ model: "openai:gpt-5" })).rejects.toMatchObject({
    reason: "INVALID_REQUEST",
    message: expect.stringContaining("CLEW_MODELS"),
  });
  for (const entry of await readdir(volume, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) expect(await readFile(join(entry.parentPath, entry.name), "latin1"), entry.name).not.toContain(key);
}, 240_000);
