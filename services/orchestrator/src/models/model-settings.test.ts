import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { modelSettings, toModels } from "./model-settings.ts";

const read = (given: Readonly<Record<string, unknown>>) => toModels(z.object(modelSettings).parse(given));

describe("the settings of models", () => {
  it("are of providers with a key, at their usual addresses", () => {
    expect(read({ CLEW_MODEL: "anthropic:claude-sonnet-4-5", CLEW_MODEL_ANTHROPIC_KEY: "k" })).toEqual({
      standard: "anthropic:claude-sonnet-4-5",
      fallback: undefined,
      utility: undefined,
      prices: undefined,
      providers: { anthropic: { url: "https://api.anthropic.com/v1", key: "k" } },
    });
  });

  it("take an address of the operator's own, with or without a key", () => {
    expect(read({ CLEW_MODEL_OPENAI_COMPATIBLE_URL: "http://127.0.0.1:11434/v1" }).providers).toEqual({
      "openai-compatible": { url: "http://127.0.0.1:11434/v1" },
    });
  });

  it("take a key from a file", async () => {
    await using folder = await tempFolder();
    const file = join(folder.path, "key");
    await writeFile(file, "from-a-file\n");
    expect(read({ CLEW_MODEL_GOOGLE_KEY: `file:${file}` }).providers.google?.key).toBe("from-a-file");
  });

  it("know what models cost, where somebody says so", () => {
    const CLEW_MODELS = { "openai:gpt-5": { input: 1.25, output: 10 }, "openai:o9": {} };
    expect(read({ CLEW_MODELS }).prices).toEqual(
      new Map([
        ["openai:gpt-5", { input: 1.25, output: 10 }],
        ["openai:o9", null],
      ]),
    );
  });

  it.each([
    [{ CLEW_MODEL: "claude" }, "provider:name"],
    [{ CLEW_MODEL: "openai:gpt-5" }, "set CLEW_MODEL_OPENAI_KEY"],
    [{ CLEW_MODEL: "openai:gpt-5", CLEW_MODEL_OPENAI_KEY: "k", CLEW_MODELS: { "openai:o9": {} } }, "must be one of openai:o9"],
    [{ CLEW_MODEL_UTILITY: "google:gemini-2.5-flash" }, "CLEW_MODEL_UTILITY"],
    [{ CLEW_MODEL_OPENAI_URL: "file:///etc/passwd" }, "http or https"],
    [{ CLEW_MODEL_OPENAI_COMPATIBLE_KEY: "k" }, "CLEW_MODEL_OPENAI_COMPATIBLE_URL"],
    [{ CLEW_MODEL_OPENAI_KEY: "file:/nowhere/at/all" }, "cannot be read"],
    [{ CLEW_MODELS: "openai:gpt-5" }, "must be written in the file"],
    [{ CLEW_MODELS: { "openai:gpt-5": { input: 1 } } }, "CLEW_MODELS"],
  ])("are refused with what is wrong: %j", (given, why) => {
    expect(() => read(given)).toThrow(why);
  });
});
