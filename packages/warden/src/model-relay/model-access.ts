import { z } from "zod";

/** Dollars for a million tokens. */
const dollars = z.number().min(0).max(100_000);
const count = z.int().min(0);

/** What a model costs, in US dollars for a million tokens. What is not said of cached tokens is what others cost. */
const modelPrice = z.strictObject({
  input: dollars,
  output: dollars,
  cacheRead: dollars.optional(),
  cacheWrite: dollars.optional(),
});

const provider = z.enum(["anthropic", "openai", "google", "openai-compatible"]);

/** Which models a run may call, through whom, and what it may spend. Holds keys: it travels on stdin and lives in memory only. */
export const modelAccess = z.strictObject({
  /** The run's models as `provider:name`, each with its price; null where the operator set none. */
  models: z.record(z.string(), modelPrice.nullable()),
  /** Where their providers are, and what they are paid with. */
  providers: z.partialRecord(provider, z.strictObject({ url: z.url({ protocol: /^https?$/ }), key: z.string().min(1).optional() })),
  /** Hard stops; what is not given is not bounded. */
  budget: z.strictObject({ maxInputTokens: count.optional(), maxOutputTokens: count.optional(), maxCostUsd: z.number().min(0).optional() }),
  /** The most calls. */
  mostCalls: z.int().min(1),
  /** What answers in the providers' place, or what is written down of what they answer. */
  cassette: z
    .discriminatedUnion("mode", [
      z.strictObject({ mode: z.literal("replay"), path: z.string().startsWith("/") }),
      z.strictObject({ mode: z.literal("record"), header: z.record(z.string(), z.unknown()) }),
    ])
    .optional(),
});

export type ModelPrice = z.infer<typeof modelPrice>;
export type ModelProvider = z.infer<typeof provider>;
export type ModelAccess = z.infer<typeof modelAccess>;
