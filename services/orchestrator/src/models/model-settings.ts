import { readFileSync } from "node:fs";
import { type ModelProvider, modelProviders, parseModelName } from "@clew/playbook/model-name";
import { SettingsError } from "@clew/process/settings";
import { z } from "zod";

/** US dollars for a million tokens. */
const dollars = z.number("must be US dollars for a million tokens").min(0).max(100_000);

/** What a model costs: both prices, or nothing where nobody says. */
const price = z
  .strictObject({ input: dollars.optional(), output: dollars.optional(), cacheRead: dollars.optional(), cacheWrite: dollars.optional() })
  .transform(({ input, output, ...cached }, { addIssue }) => {
    if (input !== undefined && output !== undefined) return { input, output, ...cached };
    if (Object.values({ input, output, ...cached }).some((said) => said !== undefined))
      addIssue("must say both input and output, or nothing");
    return null;
  });

const modelName = z.string().refine((text) => parseModelName(text) !== undefined, {
  error: `must be provider:name, with a provider of ${modelProviders.join(", ")}`,
});
const key = z.string().min(1).optional();
const url = z.url({ protocol: /^https?$/, error: "must be an http or https address" }).optional();

/** The settings of models, in the form they are written in. */
export const modelSettings = {
  CLEW_MODEL: modelName.optional(),
  CLEW_MODEL_FALLBACK: modelName.optional(),
  CLEW_MODEL_UTILITY: modelName.optional(),
  CLEW_MODELS: z
    .record(modelName, price, {
      error: ({ code }) => (code === "invalid_type" ? "must be written in the file that CLEW_CONFIG names, by provider:name" : undefined),
    })
    .optional(),
  CLEW_MODEL_ANTHROPIC_KEY: key,
  CLEW_MODEL_ANTHROPIC_URL: url,
  CLEW_MODEL_OPENAI_KEY: key,
  CLEW_MODEL_OPENAI_URL: url,
  CLEW_MODEL_GOOGLE_KEY: key,
  CLEW_MODEL_GOOGLE_URL: url,
  CLEW_MODEL_OPENAI_COMPATIBLE_KEY: key,
  CLEW_MODEL_OPENAI_COMPATIBLE_URL: url,
};

/** What a model costs, in US dollars for a million tokens. What is not said of cached tokens is what others cost. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

/** Where a provider is, and what it is paid with: a secret. */
export interface ProviderAccess {
  readonly url: string;
  readonly key?: string;
}

/** Which models the operator set up. */
export interface ModelsConfig {
  /** Of runs that name none. */
  readonly standard: string | undefined;
  readonly fallback: string | undefined;
  readonly utility: string | undefined;
  /** The only models there are, with their prices, null where there is none; undefined: all of the providers'. */
  readonly prices: ReadonlyMap<string, ModelPrice | null> | undefined;
  readonly providers: Readonly<Partial<Record<ModelProvider, ProviderAccess>>>;
}

const usualUrls: Readonly<Partial<Record<ModelProvider, string>>> = {
  anthropic: "https://api.anthropic.com/v1",
  openai: "https://api.openai.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
};

type Settings = z.output<z.ZodObject<typeof modelSettings>>;

/** Puts the settings of models together; a provider that has neither key nor address is not set up. @throws SettingsError */
export function toModels(settings: Settings): ModelsConfig {
  const { CLEW_MODEL: standard, CLEW_MODEL_FALLBACK: fallback, CLEW_MODEL_UTILITY: utility, CLEW_MODELS: listed } = settings;
  const written: Readonly<Record<ModelProvider, readonly [string | undefined, string | undefined]>> = {
    anthropic: [settings.CLEW_MODEL_ANTHROPIC_KEY, settings.CLEW_MODEL_ANTHROPIC_URL],
    openai: [settings.CLEW_MODEL_OPENAI_KEY, settings.CLEW_MODEL_OPENAI_URL],
    google: [settings.CLEW_MODEL_GOOGLE_KEY, settings.CLEW_MODEL_GOOGLE_URL],
    "openai-compatible": [settings.CLEW_MODEL_OPENAI_COMPATIBLE_KEY, settings.CLEW_MODEL_OPENAI_COMPATIBLE_URL],
  };
  const providers = Object.fromEntries(
    modelProviders.flatMap((provider) => {
      const [keyText, given] = written[provider];
      if (keyText === undefined && given === undefined) return [];
      const address = given ?? usualUrls[provider];
      if (address === undefined) throw new SettingsError("CLEW_MODEL_OPENAI_COMPATIBLE_URL: must be set where its key is");
      return [[provider, { url: address, ...(keyText === undefined ? {} : { key: readKey(provider, keyText) }) }]];
    }),
  );
  const prices = listed && new Map(Object.entries(listed));
  const config = { standard, fallback, utility, prices, providers };
  for (const [setting, model] of Object.entries({ CLEW_MODEL: standard, CLEW_MODEL_FALLBACK: fallback, CLEW_MODEL_UTILITY: utility }))
    if (model !== undefined && !isUsable(model, config)) throw new SettingsError(`${setting}: ${whyUnusable(model, config)}`);
  return config;
}

/** Whether a model is one that the operator set up. */
export function isUsable(model: string, { prices, providers }: Pick<ModelsConfig, "prices" | "providers">): boolean {
  const provider = parseModelName(model)?.provider;
  return provider !== undefined && providers[provider] !== undefined && (prices === undefined || prices.has(model));
}

/** Why it is none, in a sentence without its subject. */
export function whyUnusable(model: string, { prices, providers }: Pick<ModelsConfig, "prices" | "providers">): string {
  const provider = parseModelName(model)?.provider;
  if (provider === undefined) return `must be provider:name, with a provider of ${modelProviders.join(", ")}`;
  if (prices !== undefined && !prices.has(model)) return `must be one of ${[...prices.keys()].join(", ")}: the models in CLEW_MODELS`;
  if (providers[provider] !== undefined) return "can be called";
  return `is of a provider that nobody set up: set ${keySetting(provider)}`;
}

function keySetting(provider: ModelProvider): string {
  return provider === "openai-compatible" ? "CLEW_MODEL_OPENAI_COMPATIBLE_URL" : `CLEW_MODEL_${provider.toUpperCase()}_KEY`;
}

/** The key itself, or the file that `file:` names. */
function readKey(provider: ModelProvider, text: string): string {
  if (!text.startsWith("file:")) return text;
  const setting = `CLEW_MODEL_${provider.toUpperCase().replace("-", "_")}_KEY`;
  try {
    const read = readFileSync(text.slice("file:".length), "utf8").trim();
    if (read !== "") return read;
  } catch {
    throw new SettingsError(`${setting}: the file it names cannot be read`);
  }
  throw new SettingsError(`${setting}: the file it names is empty`);
}
