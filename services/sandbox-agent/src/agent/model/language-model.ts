import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { Fault } from "@clew/fault/fault";
import { type ModelProvider, parseModelName } from "@clew/playbook/model-name";

/** The relay adds the key; the SDK only wants to see one. */
const apiKey = "added-outside-the-sandbox";

/** A model, and whose it is. */
export interface RunModel {
  /** As `provider:name`. */
  readonly name: string;
  readonly provider: ModelProvider;
  readonly model: LanguageModelV4;
}

/**
 * Makes the model that a name such as `anthropic:claude-sonnet-4-5` means, called through `relayFetch`.
 *
 * @throws Fault MODEL_UNAVAILABLE when it is no name of a model.
 */
export function languageModel(name: string, relayFetch: typeof globalThis.fetch): RunModel {
  const parsed = parseModelName(name);
  if (parsed === undefined)
    throw new Fault("MODEL_UNAVAILABLE", { message: "The run's model is not a provider:name.", details: { model: name } });
  const { provider } = parsed;
  const settings = { apiKey, baseURL: `http://relay/${provider}`, fetch: relayFetch };
  return { name, provider, model: makers[provider](settings)(parsed.name) };
}

type Make = (settings: { apiKey: string; baseURL: string; fetch: typeof globalThis.fetch }) => (name: string) => LanguageModelV4;

const makers: Readonly<Record<ModelProvider, Make>> = {
  anthropic: (settings) => createAnthropic(settings),
  openai: (settings) => createOpenAI(settings),
  google: (settings) => createGoogle({ ...settings, generateId: countIds() }),
  "openai-compatible": (settings) => createOpenAICompatible({ ...settings, name: "compatible", supportsStructuredOutputs: true }),
};

/** Google gives calls of tools no names of their own: the first, the second, … the same in each run. */
function countIds(): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `call-${last}`;
  };
}
