import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";
import type { ModelCalled } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { AskModel, ModelCall } from "@clew/sandbox-agent/agent/ask-model";
import { openModels } from "@clew/sandbox-agent/agent/model/models";
import { startModelRelay } from "@clew/warden/model-relay/model-relay";
import { describe, expect, it } from "vitest";
import { type ModelScript, startModelServer } from "../support/model-server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const key = "sk-operator-0123456789abcdef";
const names = ["anthropic:claude-sonnet-4-5", "openai:gpt-5", "google:gemini-2.5-flash", "openai-compatible:llama-3.3"] as const;
const never = AbortSignal.any([]);

const call: ModelCall = {
  purpose: "act",
  prompt: [
    { role: "system", content: "You are careful." },
    {
      role: "user",
      content: [
        { type: "text", text: "[web-content 0123456789abcdef0123456789abcdef] A shop. [end]" },
        { type: "file", mediaType: "image/png", data: { type: "data", data: Buffer.alloc(2_000, 7) } },
      ],
    },
  ],
  tools: [
    {
      type: "function",
      name: "goto",
      description: "Opens an address.",
      inputSchema: { type: "object", properties: { url: { type: "string" } }, required: ["url"], additionalProperties: false },
    },
  ],
};

/** The call that follows when the first was answered with a tool call, as an agent makes it. */
function next({ content }: Awaited<ReturnType<AskModel>>): ModelCall {
  const asked = content.find((part) => part.type === "tool-call");
  return {
    ...call,
    prompt: [
      ...call.prompt,
      {
        role: "assistant",
        content: content.flatMap((part): AnswerPart[] => {
          if (part.type === "text" || part.type === "reasoning") return [part];
          return part.type === "tool-call" ? [{ ...part, input: JSON.parse(part.input) }] : [];
        }),
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: asked?.toolCallId ?? "",
            toolName: "goto",
            output: { type: "text", value: "Opened https://shop.example/" },
          },
        ],
      },
    ],
  };
}

type Message = ModelCall["prompt"][number];
type AnswerPart = Extract<Message, { role: "assistant" }>["content"][number];

type Cassette = { readonly mode: "record" } | { readonly mode: "replay"; readonly path: string };

async function open(model: string, script: ModelScript, options: { readonly cassette?: Cassette; readonly budget?: object } = {}) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await tempFolder());
  const server = parts.use(await startModelServer(script));
  const socketPath = join(folder.path, "model");
  const calls: ModelCalled[] = [];
  const relay = parts.use(
    await startModelRelay({
      socketPath,
      cassettePath: join(folder.path, "cassette.jsonl"),
      log: createLogger({ name: "test", level: "silent" }),
      outbox: { append: async ({ payload }) => (payload.$case === "modelCalled" ? calls.push(payload.value) : 0) },
    }),
  );
  const { cassette } = options;
  await relay.grant({
    models: { [model]: { input: 3, output: 15 } },
    providers: { [model.split(":")[0] ?? ""]: { url: `${server.url}/${model.split(":")[0]}`, key } },
    budget: options.budget ?? {},
    mostCalls: 100,
    ...(cassette && { cassette: cassette.mode === "record" ? { ...cassette, header: {} } : cassette }),
  });
  const waits = { initialMs: 1, maxMs: 2 };
  const models = parts.use(openModels({ socketPath, model, thinking: RunSpec_Thinking.HIGH, waits }));
  const opened = parts.move();
  return {
    ask: models.ask,
    server,
    calls,
    cassette: () => readFile(join(folder.path, "cassette.jsonl"), "utf8"),
    path: join(folder.path, "cassette.jsonl"),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const turns = [
  { status: 529 },
  {
    text: "I look.",
    thinking: "Where?",
    toolCalls: [{ name: "goto", input: { url: "https://shop.example/" } }],
    usage: { inputTokens: 900 },
  },
  { text: "Done.", usage: { inputTokens: 1_200, outputTokens: 10 } },
];

describe("models behind the relay", () => {
  it.each(names)("are called from a sandbox that knows no key, as their own SDK calls them: %s", async (model) => {
    await using run = await open(model, turns);
    const first = await run.ask(call, never);
    const second = await run.ask(next(first), never);
    expect(second.content).toContainEqual(expect.objectContaining({ type: "text", text: "Done." }));
    expect(first.usage.costUsd).toBeCloseTo((900 * 3 + 20 * 15) / 1_000_000, 9);
    expect(run.calls.map(({ model: called, purpose, inputTokens, error }) => [called, purpose, inputTokens, error?.reason])).toEqual([
      [model, "act", 0, "MODEL_FAILED"],
      [model, "act", 900, undefined],
      [model, "act", 1_200, undefined],
    ]);
    for (const { headers, text } of run.server.requests) {
      expect(JSON.stringify(headers)).toContain(key);
      expect(text).not.toContain(key);
    }
  });

  it.each(names)("answer in a form that is asked for: %s", async (model) => {
    await using run = await open(model, [{ text: '{"safe":true}' }]);
    const schema = {
      type: "object" as const,
      properties: { safe: { type: "boolean" as const } },
      required: ["safe"],
      additionalProperties: false,
    };
    const judged = await run.ask(
      { purpose: "judge", prompt: call.prompt, responseFormat: { type: "json", schema }, maxOutputTokens: 300 },
      never,
    );
    expect(JSON.stringify(judged.content)).toContain("safe");
  });

  it.each(names)("end the run at its budget, and are not asked again: %s", async (model) => {
    await using run = await open(model, [{ usage: { outputTokens: 500 } }], { budget: { maxOutputTokens: 500 } });
    await run.ask(call, never);
    await expect(run.ask(call, never)).rejects.toMatchObject({ reason: "BUDGET_EXCEEDED", details: { model } });
    expect(run.server.requests).toHaveLength(1);
  });

  it.each(names)("are replayed from a cassette to the last word, without provider or key: %s", async (model) => {
    await using recorded = await open(model, turns, { cassette: { mode: "record" } });
    const first = await recorded.ask(call, never);
    const second = await recorded.ask(next(first), never);
    await using replayed = await open(model, [], { cassette: { mode: "replay", path: recorded.path } });
    const again = await replayed.ask(call, never);
    expect([again, await replayed.ask(next(again), never)]).toEqual([first, second]);
    expect(replayed.server.requests).toEqual([]);
    expect(await recorded.cassette()).not.toContain(key);
    await expect(replayed.ask({ ...call, purpose: "act", toolChoice: { type: "none" } }, never)).rejects.toMatchObject({
      reason: "CASSETTE_MISMATCH",
      message: expect.stringContaining("one more"),
    });
  });
});
