import { join } from "node:path";
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { type ModelScript, startModelServer } from "../../../../../test/support/model-server.ts";
import { tempFolder } from "../../../../../test/support/temp-folder.ts";
import type { ModelCall } from "../ask-model.ts";
import { type ModelsOptions, openModels } from "./models.ts";

const claude = "anthropic:claude-sonnet-4-5";
const names = [claude, "openai:gpt-5", "google:gemini-2.5-flash", "openai-compatible:llama-3.3"] as const;
const prompt: LanguageModelV4Prompt = [
  { role: "system", content: "You are careful." },
  { role: "user", content: [{ type: "text", text: "Open the orders." }] },
];
const tools: NonNullable<ModelCall["tools"]> = [
  {
    type: "function",
    name: "goto",
    description: "Opens an address.",
    inputSchema: { type: "object", properties: { url: { type: "string" } } },
  },
];
const call: ModelCall = { purpose: "act", prompt, tools, toolChoice: { type: "auto" } };
const never = AbortSignal.any([]);

async function open(script: ModelScript, options: Partial<ModelsOptions> = {}) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await tempFolder());
  const socketPath = join(folder.path, "model");
  const server = parts.use(await startModelServer(script, { socketPath }));
  const models = parts.use(
    openModels({ socketPath, model: claude, thinking: RunSpec_Thinking.LOW, waits: { initialMs: 1, maxMs: 2 }, ...options }),
  );
  const opened = parts.move();
  return { server, ask: models.ask, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

describe("a run's models", () => {
  it.each(names)("answer with texts, tool calls and what they took, the same whosever they are: %s", async (model) => {
    const usage = { inputTokens: 1_000, outputTokens: 50, cachedTokens: 600 };
    const turn = { text: "I look.", thinking: "Where?", toolCalls: [{ name: "goto", input: { url: "https://shop.example/" } }], usage };
    await using run = await open([turn], { model });
    const answer = await run.ask(call, never);
    expect(answer).toMatchObject({
      model,
      finish: "tool-calls",
      usage: { inputTokens: 1_000, outputTokens: 50, cachedInputTokens: 600, costUsd: 0 },
    });
    expect(answer.content).toContainEqual(expect.objectContaining({ type: "text", text: "I look." }));
    const wanted = answer.content.find((part) => part.type === "tool-call");
    expect(wanted?.toolName).toBe("goto");
    expect(JSON.parse(wanted?.input ?? "")).toEqual({ url: "https://shop.example/" });
    expect(run.server.requests[0]?.headers).toMatchObject({ "x-clew-purpose": "act" });
    expect(run.server.requests[0]?.model).toBe(model.slice(model.indexOf(":") + 1));
  });

  it.each([
    [claude, { thinking: { type: "enabled", budget_tokens: 38_400 } }],
    ["openai:gpt-5", { reasoning: { effort: "high" }, store: false }],
    ["google:gemini-2.5-flash", { generationConfig: { thinkingConfig: { thinkingBudget: 24_576 } } }],
    ["openai-compatible:llama-3.3", { reasoning_effort: "high" }],
  ])("are told how hard to think in their provider's own words: %s", async (model, said) => {
    await using run = await open([{}], { model, thinking: RunSpec_Thinking.HIGH });
    await run.ask(call, never);
    expect(run.server.requests[0]?.body).toMatchObject(said);
  });

  it("have room to think beside a short answer, where thinking counts as a part of it", async () => {
    await using run = await open([{}, {}], { model: "google:gemini-2.5-flash", utility: "openai:gpt-5" });
    for (const role of ["main", "utility"] as const) await run.ask({ ...call, role, maxOutputTokens: 300 }, never);
    const [google, openai] = run.server.requests.map(({ body }) => body);
    expect(google).toMatchObject({ generationConfig: { maxOutputTokens: 8_492 } });
    expect(openai).toMatchObject({ max_output_tokens: 8_492 });
  });

  it("do not think where they are told which tool to call and their provider refuses both", async () => {
    await using run = await open([{}]);
    await run.ask({ ...call, toolChoice: { type: "required" } }, never);
    expect(run.server.requests[0]?.body["thinking"]).toMatchObject({ type: "disabled" });
  });

  it("are marked where a provider keeps what the next call begins with", async () => {
    await using run = await open([{}]);
    await run.ask(call, never);
    const { system, messages } = run.server.requests[0]?.body ?? {};
    expect(system).toMatchObject([{ cache_control: { type: "ephemeral" } }]);
    expect(messages).toMatchObject([{ content: [{ cache_control: { type: "ephemeral" } }] }]);
  });

  const troubles = {
    "a rate limit": { status: 429, retryAfter: "0" },
    "an overload": { status: 529 },
    "a failure inside": { status: 500 },
    "a connection that is cut before an answer": { cut: "before" },
    "a connection that is cut in an answer": { cut: "within" },
    "an answer that is none": { body: "<html>try later</html>" },
    silence: { hang: "silent" },
    "silence after the headers": { hang: "headers" },
  } as const;
  it.each(names.flatMap((model) => Object.entries(troubles).map(([what, trouble]) => [model, what, trouble] as const)))(
    "are asked again, whosever they are: %s after %s",
    async (model, _, trouble) => {
      await using run = await open([trouble, { text: "Here." }], { model, ...("hang" in trouble && { tryMs: 300 }) });
      expect((await run.ask(call, never)).content).toMatchObject([{ type: "text", text: "Here." }]);
      expect(run.server.requests).toHaveLength(2);
    },
  );

  it("are asked so many times and no more, and the fault says what was answered", async () => {
    await using run = await open(() => ({ status: 503, message: "Come back later." }));
    await expect(run.ask(call, never)).rejects.toMatchObject({
      reason: "MODEL_FAILED",
      message: `${claude} did not answer: it answered 503: Come back later.`,
      details: { model: claude, status: "503" },
    });
    expect(run.server.requests).toHaveLength(3);
  });

  it.each(names)("are not asked again where a provider wants to be left alone for longer than anyone waits: %s", async (model) => {
    await using run = await open(() => ({ status: 429, retryAfter: "3600" }), { model });
    await expect(run.ask(call, never)).rejects.toMatchObject({ reason: "MODEL_FAILED", details: { model, status: "429" } });
    expect(run.server.requests).toHaveLength(1);
  });

  it.each(names)("are not asked the same again where the request itself is refused: %s", async (model) => {
    await using run = await open(() => ({ status: 400, message: "prompt is too long" }), { model });
    await expect(run.ask(call, never)).rejects.toMatchObject({ message: expect.stringContaining("prompt is too long") });
    expect(run.server.requests).toHaveLength(1);
  });

  it("leave a failing one alone for a while and go on with the fallback", async () => {
    const fallback = "openai:gpt-5";
    await using run = await open(({ provider }) => (provider === "anthropic" ? { status: 500 } : { text: "Here." }), { fallback });
    expect(await run.ask(call, never)).toMatchObject({ model: fallback });
    expect(await run.ask(call, never)).toMatchObject({ model: fallback });
    expect(run.server.requests.map(({ provider }) => provider)).toEqual(["anthropic", "anthropic", "anthropic", "openai", "openai"]);
  });

  it("fail at once while the only one there is is left alone", async () => {
    await using run = await open(() => ({ status: 500 }));
    await expect(run.ask(call, never)).rejects.toMatchObject({ reason: "MODEL_FAILED" });
    await expect(run.ask(call, never)).rejects.toMatchObject({ message: expect.stringContaining("left alone") });
    expect(run.server.requests).toHaveLength(3);
  });

  it("have the smaller one asked for what is judged", async () => {
    await using run = await open([{}], { utility: "google:gemini-2.5-flash" });
    expect(await run.ask({ ...call, role: "utility" }, never)).toMatchObject({ model: "google:gemini-2.5-flash" });
  });

  it("are let go of at once when the work is stopped", async () => {
    const stopping = new AbortController();
    await using run = await open(() => {
      stopping.abort(new Error("stopped"));
      return { hang: "silent" };
    });
    await expect(run.ask(call, stopping.signal)).rejects.toThrow("stopped");
    expect(run.server.requests).toHaveLength(1);
  });

  it("are not called under a name that is none", async () => {
    await expect(open([], { model: "claude" })).rejects.toMatchObject({ reason: "MODEL_UNAVAILABLE" });
  });
});
