import { Usage } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { chooseModels, grantModels } from "./choose-models.ts";
import type { ModelsConfig } from "./model-settings.ts";

const claude = "anthropic:claude-sonnet-4-5";
const config: ModelsConfig = {
  standard: claude,
  fallback: "openai:gpt-5",
  utility: "anthropic:claude-haiku-4-5",
  prices: new Map([
    [claude, { input: 3, output: 15 }],
    ["openai:gpt-5", null],
    ["anthropic:claude-haiku-4-5", { input: 1, output: 5 }],
  ]),
  providers: {
    anthropic: { url: "https://a.example", key: "a" },
    openai: { url: "https://o.example", key: "o" },
    google: { url: "https://g.example", key: "g" },
  },
};
const alone: ModelsConfig = { ...config, fallback: undefined, utility: undefined };

describe("a run's models", () => {
  it("are those it names, or the operator's", () => {
    expect(chooseModels({}, config)).toEqual({ model: claude, fallback: "openai:gpt-5", utility: "anthropic:claude-haiku-4-5" });
    expect(chooseModels({ model: "openai:gpt-5" }, config)).toEqual({
      model: "openai:gpt-5",
      fallback: "",
      utility: "anthropic:claude-haiku-4-5",
    });
    expect(chooseModels({}, { ...config, standard: undefined })).toBeUndefined();
    expect(chooseModels({ model: "" }, config)).toBeUndefined();
  });

  it.each(["claude", "nobody:x", "google:gemini-3-pro", "openai-compatible:llama"])("are never one that nobody set up: %s", (model) => {
    expect(() => chooseModels({ model }, config)).toThrow(/^spec\.model: /);
  });

  it("are bounded in dollars only where each has a price", () => {
    expect(() => chooseModels({ budget: { maxCostUsd: 1 } }, config)).toThrow("needs a price for openai:gpt-5");
    expect(chooseModels({ budget: { maxCostUsd: 1 } }, alone)).toBeDefined();
  });

  it("may be any that a cassette was recorded with", () => {
    const cassette = "file-1";
    expect(chooseModels({ model: "google:gemini-3-pro", cassette, budget: { maxCostUsd: 1 } }, { ...alone, providers: {} })).toMatchObject({
      model: "google:gemini-3-pro",
    });
  });

  it("are granted with the keys of their own providers, and what is left to spend", () => {
    const used = Usage.fromPartial({ inputTokens: 300, costUsd: 0.75, modelCalls: 10 });
    const spec = { budget: { maxInputTokens: 1_000, maxCostUsd: 0.5 }, recording: undefined };
    expect(grantModels({ model: claude, fallback: "", utility: "" }, spec, used, config, undefined)).toEqual({
      models: { [claude]: { input: 3, output: 15 } },
      providers: { anthropic: { url: "https://a.example", key: "a" } },
      budget: { maxInputTokens: 700, maxCostUsd: 0 },
      mostCalls: 1_990,
    });
  });

  it("are granted without any key where a cassette answers", () => {
    const granted = grantModels(
      { model: claude, fallback: "", utility: "" },
      { budget: undefined, recording: undefined },
      undefined,
      config,
      "/c",
    );
    expect(granted).toMatchObject({ providers: {}, cassette: { mode: "replay", path: "/c" } });
  });
});
