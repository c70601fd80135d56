/** Whose models there are, by the first part of a model's name. */
export const modelProviders = ["anthropic", "openai", "google", "openai-compatible"] as const;

/** Whose model it is. */
export type ModelProvider = (typeof modelProviders)[number];

/** A model, such as `anthropic:claude-sonnet-4-5`. */
export interface ModelName {
  readonly provider: ModelProvider;
  /** As the provider calls it. */
  readonly name: string;
}

/** Reads a model's name, `provider:name`; undefined where it is none, or of a provider that nobody knows. */
export function parseModelName(text: string): ModelName | undefined {
  const [, first, name] = /^([a-z-]+):([A-Za-z0-9][A-Za-z0-9._:/@-]{0,149})$/.exec(text) ?? [];
  const provider = modelProviders.find((known) => known === first);
  return provider === undefined || name === undefined || name.includes("..") ? undefined : { provider, name };
}
