import { describe, expect, it } from "vitest";
import { accessTo, claude, message, openRelay, operatorKey } from "./model-relay.fixture.ts";

/** A streamed call of each provider's API. */
const streamed = [
  ["/anthropic/messages", { ...message, stream: true }, claude],
  ["/openai/responses", { model: "gpt-5", input: "Hello.", stream: true, store: false }, "openai:gpt-5"],
  ["/openai/chat/completions", { model: "gpt-5", messages: [], stream: true, stream_options: { include_usage: true } }, "openai:gpt-5"],
  [
    "/openai-compatible/chat/completions",
    { model: "llama", messages: [], stream: true, stream_options: { include_usage: true } },
    "openai-compatible:llama",
  ],
  ["/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse", { contents: [] }, "google:gemini-2.5-flash"],
] as const;

describe("the relay to models", () => {
  it.each([
    ["/anthropic/messages", message, "x-api-key", operatorKey],
    ["/openai/responses", { model: "gpt-5", input: "Hello.", store: false }, "authorization", `Bearer ${operatorKey}`],
    ["/openai/chat/completions", { model: "gpt-5", messages: [] }, "authorization", `Bearer ${operatorKey}`],
    ["/google/models/gemini-2.5-flash:generateContent", { contents: [] }, "x-goog-api-key", operatorKey],
    ["/openai-compatible/chat/completions", { model: "llama", messages: [] }, "authorization", `Bearer ${operatorKey}`],
  ])("adds the operator's key to %s in place of what came from the sandbox", async (path, body, header, value) => {
    await using run = await openRelay([{ text: "Hello back." }]);
    const inside = { "x-api-key": "inside", authorization: "Bearer inside", "x-goog-api-key": "inside", cookie: "inside" };
    const answer = await run.post(path, body, inside);
    expect(answer).toMatchObject({ status: 200, text: expect.stringContaining("Hello back.") });
    expect(run.server.requests[0]?.headers[header]).toBe(value);
    expect(JSON.stringify(run.server.requests[0]?.headers)).not.toContain("inside");
    expect(JSON.stringify(answer)).not.toContain(operatorKey);
  });

  it("lets the sandbox ask for the answers to fit their schemas, and for nothing else that is still tried out", async () => {
    await using run = await openRelay([{}, {}]);
    await run.post("/anthropic/messages", message, { "anthropic-beta": "files-api-2025-04-14, structured-outputs-2025-11-13" });
    await run.post("/anthropic/messages", message, { "anthropic-beta": "fast-mode-2026-02-01" });
    expect(run.server.requests.map(({ headers }) => headers["anthropic-beta"])).toEqual(["structured-outputs-2025-11-13", undefined]);
  });

  it.each(streamed)("counts what a streamed answer took, and passes it on: %s", async (path, body, model) => {
    await using run = await openRelay([{ text: "Hello back.", usage: { inputTokens: 700, outputTokens: 30, cachedTokens: 200 } }]);
    const answer = await run.post(path, body);
    expect(answer).toMatchObject({ status: 200, isWhole: true, text: expect.stringContaining("Hello back.") });
    expect(run.calls()).toMatchObject([{ model, inputTokens: 700, outputTokens: 30, cachedInputTokens: 200 }]);
  });

  it("says of each call what it was for, what it took and what it cost", async () => {
    await using run = await openRelay([{ usage: { inputTokens: 1_000, outputTokens: 100, cachedTokens: 600 } }]);
    const answer = await run.ask();
    const costUsd = (400 * 3 + 600 * 0.3 + 100 * 15) / 1_000_000;
    expect(run.calls()).toMatchObject([
      { model: claude, purpose: "act", inputTokens: 1_000, outputTokens: 100, cachedInputTokens: 600, unpriced: false },
    ]);
    expect(run.calls()[0]?.costUsd).toBeCloseTo(costUsd, 12);
    expect(Number(answer.headers["x-clew-cost-usd"])).toBeCloseTo(costUsd, 9);
  });

  it("says that it knows no price where the operator set none", async () => {
    await using run = await openRelay([{}]);
    await run.post("/openai/responses", { model: "gpt-5", input: "Hello.", store: false });
    expect(run.calls()).toMatchObject([{ costUsd: 0, unpriced: true }]);
  });

  it.each([
    ["a model that is not the run's", "/anthropic/messages", { ...message, model: "claude-opus-4-5" }],
    ["a model that is not the run's, in an address", "/google/models/gemini-3-pro:generateContent", { contents: [] }],
    ["a model that is not the run's, behind one that is", "/google/models/gemini-2.5-flash%2F..%2Fx:generateContent", { contents: [] }],
    ["another provider's path", "/openai-compatible/responses", { model: "llama", input: "" }],
    ["files", "/anthropic/files", message],
    ["a path above", "/anthropic/../v1/organizations", message],
    ["an address as a path", "http://evil.example/anthropic/messages", message],
    ["a query", "/anthropic/messages?beta=true", message],
    [
      "a search that the provider runs",
      "/anthropic/messages",
      { ...message, tools: [{ type: "web_search_20250305", name: "web_search" }] },
    ],
    [
      "a server that the provider calls",
      "/anthropic/messages",
      { ...message, mcp_servers: [{ type: "url", url: "https://evil.example" }] },
    ],
    ["a program that the provider runs", "/openai/responses", { ...kept, tools: [{ type: "code_interpreter" }] }],
    ["what another call left", "/openai/responses", { ...kept, previous_response_id: "resp_1" }],
    ["a reference to what another call left", "/openai/responses", { ...kept, input: [{ type: "item_reference", id: "msg_1" }] }],
    ["the same without its type", "/openai/responses", { ...kept, input: [{ id: "msg_1" }] }],
    ["what the provider would keep", "/openai/responses", { ...kept, store: true }],
    ["what the provider would keep, being told nothing", "/openai/responses", { ...kept, store: undefined }],
    ["what the provider would keep, of chats", "/openai/chat/completions", { model: "gpt-5", messages: [], store: true }],
    ["a picture to fetch", "/anthropic/messages", picture({ type: "url", url: "https://evil.example/?secret" })],
    [
      "a picture to fetch, from another",
      "/openai/chat/completions",
      { model: "gpt-5", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://evil.example/" } }] }] },
    ],
    [
      "a file to fetch",
      "/google/models/gemini-2.5-flash:generateContent",
      { contents: [{ parts: [{ fileData: { fileUri: "https://evil.example/" } }] }] },
    ],
    ["an address to read", "/google/models/gemini-2.5-flash:generateContent", { contents: [], tools: [{ urlContext: {} }] }],
    ["many answers for one", "/openai/chat/completions", { model: "gpt-5", messages: [], n: 100 }],
    ["many answers for one, of Google", "/google/models/gemini-2.5-flash:generateContent", contents({ candidateCount: 8 })],
    ["an answer that is no text", "/google/models/gemini-2.5-flash:generateContent", contents({ responseModalities: ["IMAGE"] })],
    ["a stream that is not counted", "/openai/chat/completions", { model: "gpt-5", messages: [], stream: true }],
    ["no JSON", "/anthropic/messages", "hello"],
    [
      "what is nested without end",
      "/anthropic/messages",
      `{"model":"claude-sonnet-4-5","messages":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    ],
  ])("does not pass on %s", async (_, path, body) => {
    await using run = await openRelay([{ text: "This must not be heard." }]);
    const answer = await run.post(path, body);
    expect(answer.status).toBe(403);
    expect(answer.headers["x-clew-reason"]).toBe("MODEL_CALL_REFUSED");
    expect(run.server.requests).toEqual([]);
    expect(run.calls()).toEqual([]);
    expect(run.warnings()).toEqual(
      path.startsWith("/anthropic/messages") && typeof body === "string" && body === "hello" ? [] : ["MODEL_CALL_REFUSED"],
    );
  });

  it("lets addresses be where they are only texts: in what tools are called with and answered", async () => {
    const url = "https://shop.example/";
    const messages = [
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "goto", input: { url } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: url }] }] },
    ];
    const tools = [{ name: "goto", input_schema: { type: "object", properties: { url: { type: "string", default: url } } } }];
    const picture = {
      role: "user",
      content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }],
    };
    await using run = await openRelay([{}]);
    expect(await run.ask({ messages: [...messages, picture], tools })).toMatchObject({ status: 200 });
  });

  it("passes on nothing before it is granted", async () => {
    await using run = await openRelay([{}], "nothing");
    expect((await run.ask()).text).toContain("This run may call no model.");
  });

  it("tells of refusals, but not without end", async () => {
    await using run = await openRelay([]);
    for (let n = 0; n < 30; n += 1) await run.post("/elsewhere", {});
    expect(run.warnings()).toHaveLength(20);
  });

  it.each([
    [{ maxInputTokens: 200 }, "sent 200 of at most 200 tokens"],
    [{ maxOutputTokens: 40 }, "received 40 of at most 40 tokens"],
    [{ maxCostUsd: 0.001 }, "US dollars"],
  ])("stops a run at its budget: %j", async (budget, why) => {
    await using run = await openRelay(() => ({ usage: { inputTokens: 100, outputTokens: 20 } }), { budget });
    const answers = [await run.ask(), await run.ask(), await run.ask()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers["x-clew-reason"]).toBe("BUDGET_EXCEEDED");
    expect(answers[2]?.text).toContain(why);
    expect(run.server.requests).toHaveLength(2);
    expect(run.warnings()).toEqual(["BUDGET_EXCEEDED"]);
  });

  it("lets an answer be as long as the budget has tokens left, and no longer", async () => {
    await using run = await openRelay(() => ({ usage: { inputTokens: 10, outputTokens: 30 } }), { budget: { maxOutputTokens: 100 } });
    await run.ask();
    await run.ask({ thinking: { type: "enabled", budget_tokens: 900 } });
    expect(run.server.requests.map(({ body }) => [body["max_tokens"], body["thinking"]])).toEqual([
      [100, undefined],
      [70, { type: "disabled" }],
    ]);
  });

  it("counts calls at once as if they were one after the other", async () => {
    await using run = await openRelay(() => ({ usage: { inputTokens: 40, outputTokens: 30 } }), { budget: { maxOutputTokens: 100 } });
    const answers = await Promise.all(Array.from({ length: 6 }, () => run.ask()));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429, 429]);
    expect(run.server.requests.map(({ body }) => body["max_tokens"])).toEqual([100, 70, 40]);
  });

  it("stops a run at the most calls it may make", async () => {
    await using run = await openRelay(() => ({}), { mostCalls: 1 });
    expect([(await run.ask()).status, (await run.ask()).status]).toEqual([200, 429]);
  });

  it("passes on a provider's trouble without the key, and asks nothing for it", async () => {
    await using run = await openRelay([
      { status: 429, message: `Too many for ${operatorKey}.`, retryAfter: "7" },
      { status: 401, message: "Incorrect API key: sk-oper***cdef." },
    ]);
    const [limited, unpaid] = [await run.ask(), await run.ask()];
    expect(limited).toMatchObject({
      status: 429,
      headers: { "retry-after": "7" },
      text: JSON.stringify({ error: { message: "Too many for [key]." } }),
    });
    expect(unpaid).toMatchObject({ status: 401, text: expect.not.stringContaining("cdef") });
    expect(run.calls()).toMatchObject([
      { inputTokens: 0, costUsd: 0, error: { reason: "MODEL_FAILED" } },
      { error: { reason: "MODEL_FAILED" } },
    ]);
  });

  it("takes the key nowhere else", async () => {
    await using elsewhere = await openRelay([{}]);
    await using run = await openRelay([{ body: "", headers: { location: `${elsewhere.server.url}/anthropic/messages` }, status: 307 }]);
    expect(await run.ask()).toMatchObject({ status: 502, text: expect.stringContaining("_URL") });
    expect(elsewhere.server.requests).toEqual([]);
  });

  it.each(["before", "within"] as const)("counts a call whose answer is cut %s", async (cut) => {
    await using run = await openRelay([{ cut }]);
    expect(await run.ask()).toMatchObject({ status: 502 });
    expect(run.calls()).toMatchObject([{ error: { reason: "MODEL_FAILED" } }]);
    const took = run.calls()[0]?.inputTokens ?? 0;
    if (cut === "within") expect(took).toBeGreaterThan(0);
    else expect(took).toBe(0);
  });

  it.each(["silent", "headers"] as const)(
    "counts the longest answer there may be for a call that the sandbox lets go of: %s",
    async (hang) => {
      const asked = Promise.withResolvers<void>();
      await using run = await openRelay(
        () => {
          asked.resolve();
          return { hang };
        },
        { budget: { maxOutputTokens: 1_500 } },
      );
      const letGo = new AbortController();
      const answer = run.ask({ stream: true }, letGo.signal).catch(() => "let go");
      await asked.promise;
      letGo.abort();
      expect(await answer).toBe("let go");
      await expect.poll(() => run.calls()).toMatchObject([{ outputTokens: 1_000 }]);
      void run.ask().catch(() => {});
      await expect.poll(() => run.server.requests[1]?.body["max_tokens"]).toBe(500);
    },
  );

  it("breaks off where a stream does, and counts what came", async () => {
    await using run = await openRelay([{ cut: "within", answer: { text: "x".repeat(4_000), usage: { inputTokens: 500 } } }]);
    expect(await run.ask({ stream: true })).toMatchObject({ status: 200, isWhole: false });
    const [call] = run.calls();
    expect(call).toMatchObject({ inputTokens: 500, error: { reason: "MODEL_FAILED" } });
    expect(call?.outputTokens).toBeGreaterThan(400);
  });

  it.each(streamed)(
    "says of any provider's stream that it broke off, and takes no half of one for an answer: %s",
    async (path, body, model) => {
      await using run = await openRelay([{ cut: "within", answer: { text: "x".repeat(4_000) } }]);
      expect(await run.post(path, body)).toMatchObject({ status: 200, isWhole: false });
      expect(run.calls()).toMatchObject([{ model, error: { reason: "MODEL_FAILED" } }]);
      expect(run.calls()[0]?.inputTokens).toBeGreaterThan(0);
    },
  );

  it.each(streamed)("passes on when any provider wants to be left alone, and that one does not answer: %s", async (path, body, model) => {
    await using busy = await openRelay([{ status: 429, message: "Slow down.", retryAfter: "7" }]);
    expect(await busy.post(path, body)).toMatchObject({
      status: 429,
      headers: { "retry-after": "7" },
      text: expect.stringContaining("Slow down."),
    });
    await expect.poll(() => busy.calls()).toMatchObject([{ model, inputTokens: 0, error: { reason: "MODEL_FAILED" } }]);
    await using silent = await openRelay([{ hang: "headers" }], {}, { callMs: 100 });
    await silent.post(path, body).catch(() => {});
    await expect.poll(() => silent.calls()).toMatchObject([{ model, error: { reason: "MODEL_FAILED" } }]);
  });

  it("waits for a provider so long and no longer, and counts what it was sent", async () => {
    await using run = await openRelay([{ hang: "silent" }], {}, { callMs: 100 });
    expect(await run.ask()).toMatchObject({ status: 502, text: expect.stringContaining("too long") });
    expect(run.calls()[0]?.inputTokens).toBeGreaterThan(10);
  });

  it("says what a call took that is cut because the sandbox ends", async () => {
    const asked = Promise.withResolvers<void>();
    await using run = await openRelay(() => {
      asked.resolve();
      return { hang: "silent" };
    });
    const answer = run.ask().catch(() => "cut");
    await asked.promise;
    await run.relay[Symbol.asyncDispose]();
    expect(await answer).toBe("cut");
    expect(run.calls()).toMatchObject([{ purpose: "act", error: { reason: "MODEL_FAILED" } }]);
    expect(run.calls()[0]?.inputTokens).toBeGreaterThan(10);
  });

  it("takes eight calls at once and no more", async () => {
    const all = Promise.withResolvers<void>();
    let asked = 0;
    await using run = await openRelay(() => {
      asked += 1;
      if (asked === 8) all.resolve();
      return { hang: "silent" };
    });
    const answers = Array.from({ length: 8 }, () => run.ask().catch(() => "cut"));
    await all.promise;
    expect(await run.ask()).toMatchObject({ status: 429, text: expect.stringContaining("Too many") });
    await run.relay[Symbol.asyncDispose]();
    await Promise.all(answers);
  });

  it("says that a provider cannot be reached", async () => {
    await using run = await openRelay([]);
    await run.relay.grant(accessTo("http://127.0.0.1:1"));
    expect(await run.ask()).toMatchObject({ status: 502, text: expect.stringContaining("cannot be reached") });
  });
});

const kept = { model: "gpt-5", input: "", store: false };

function contents(generationConfig: object) {
  return { contents: [], generationConfig };
}

function picture(source: object) {
  return { ...message, messages: [{ role: "user", content: [{ type: "image", source }] }] };
}
