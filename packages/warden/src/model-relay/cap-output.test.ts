import { describe, expect, it } from "vitest";
import { capOutput } from "./cap-output.ts";

const ours = { api: "chat", provider: "openai" } as const;
const compatible = { api: "chat", provider: "openai-compatible" } as const;

describe("the bound of an answer", () => {
  it.each([
    [ours, { max_tokens: 100_000, max_completion_tokens: 100_000 }, { max_completion_tokens: 50 }],
    [ours, { max_tokens: 20 }, { max_completion_tokens: 20 }],
    [compatible, { max_completion_tokens: 100_000 }, { max_tokens: 50 }],
    [compatible, { max_tokens: 30, max_completion_tokens: 100_000 }, { max_tokens: 30 }],
    [compatible, {}, { max_tokens: 50 }],
    [compatible, { max_tokens: "100000" }, { max_tokens: 50 }],
  ])("is said in one word only: %j, %j", (route, asked, body) => {
    expect(capOutput(route, asked, 50)).toEqual({ body, mostTokens: Object.values(body)[0] });
  });

  it("is what the call itself wants where that is less", () => {
    const capped = capOutput({ api: "generate", provider: "google" }, { generationConfig: { maxOutputTokens: 40, seed: 1 } }, 50);
    expect(capped).toEqual({ body: { generationConfig: { maxOutputTokens: 40, seed: 1 } }, mostTokens: 40 });
  });
});
