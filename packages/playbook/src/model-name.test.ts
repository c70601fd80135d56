import { describe, expect, it } from "vitest";
import { parseModelName } from "./model-name.ts";

describe("a model's name", () => {
  it.each([
    ["anthropic:claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"],
    ["openai:gpt-5.1", "openai", "gpt-5.1"],
    ["openai-compatible:meta/llama-3.3:70b", "openai-compatible", "meta/llama-3.3:70b"],
  ])("is a provider and what that calls it: %s", (text, provider, name) => {
    expect(parseModelName(text)).toEqual({ provider, name });
  });

  it.each(["", "gpt-5", "openai:", "nobody:gpt-5", "google:../keys", "openai:a b", "Openai:gpt-5", `openai:${"x".repeat(151)}`])(
    "is not %s",
    (text) => {
      expect(parseModelName(text)).toBeUndefined();
    },
  );
});
