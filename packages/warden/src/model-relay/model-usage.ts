import { isObject, type JsonObject } from "./json-object.ts";
import type { ModelPrice, ModelProvider } from "./model-access.ts";

/** What a call took, as its provider counted it. */
export interface ModelUsage {
  /** All that were sent: those read from a cache and written to one included. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
}

/** Reads what a whole answer says it took; undefined where it does not. */
export function usageOf(provider: ModelProvider, answer: unknown): ModelUsage | undefined {
  const raw = rawUsage(answer);
  return raw === undefined ? undefined : toUsage[provider](raw);
}

/** The same of a streamed one: of what is said of a number more than once, the last counts. `isWhole` where its end was there too. */
export function streamedUsage(
  provider: ModelProvider,
  text: string,
): { readonly usage: ModelUsage; readonly isWhole: boolean } | undefined {
  let raw: JsonObject | undefined;
  let isWhole = false;
  for (const line of text.split(/\r?\n/)) {
    if (!line.startsWith("data:")) continue;
    const event = parsed(line.slice("data:".length));
    raw = merge(raw, rawUsage(event));
    isWhole ||= isObject(event) && isLast(event);
  }
  return raw === undefined ? undefined : { usage: toUsage[provider](raw), isWhole };
}

/** Dollars for a call. */
export function costOf({ inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens }: ModelUsage, price: ModelPrice): number {
  const { input, output, cacheRead = input, cacheWrite = input } = price;
  const plain = Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens);
  return (plain * input + cacheReadTokens * cacheRead + cacheWriteTokens * cacheWrite + outputTokens * output) / 1_000_000;
}

/** Where providers say it: in the answer, or in the event of a stream that carries the answer or its beginning. */
function rawUsage(answer: unknown): JsonObject | undefined {
  if (!isObject(answer)) return undefined;
  for (const holder of [answer, answer["response"], answer["message"]]) {
    if (!isObject(holder)) continue;
    const usage = holder["usage"] ?? holder["usageMetadata"];
    if (isObject(usage)) return usage;
  }
  return undefined;
}

function merge(earlier: JsonObject | undefined, later: JsonObject | undefined): JsonObject | undefined {
  if (earlier === undefined || later === undefined) return later ?? earlier;
  return { ...earlier, ...Object.fromEntries(Object.entries(later).filter(([, value]) => value !== null)) };
}

/** Whether nothing that counts comes after it. */
function isLast(event: JsonObject): boolean {
  const { type, choices, candidates } = event;
  if (typeof type === "string") return ["message_delta", "response.completed", "response.incomplete", "response.failed"].includes(type);
  if (Array.isArray(candidates)) return candidates.some((candidate) => isObject(candidate) && candidate["finishReason"] !== undefined);
  return Array.isArray(choices) && isObject(event["usage"]);
}

const toUsage: Readonly<Record<ModelProvider, (raw: JsonObject) => ModelUsage>> = {
  anthropic(raw) {
    const [cacheReadTokens, cacheWriteTokens] = [number(raw["cache_read_input_tokens"]), number(raw["cache_creation_input_tokens"])];
    const inputTokens = number(raw["input_tokens"]) + cacheReadTokens + cacheWriteTokens;
    return { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens: number(raw["output_tokens"]) };
  },
  openai: openaiUsage,
  "openai-compatible": openaiUsage,
  google: (raw) => ({
    inputTokens: number(raw["promptTokenCount"]) + number(raw["toolUsePromptTokenCount"]),
    cacheReadTokens: number(raw["cachedContentTokenCount"]),
    cacheWriteTokens: 0,
    outputTokens: number(raw["candidatesTokenCount"]) + number(raw["thoughtsTokenCount"]),
  }),
};

function openaiUsage(raw: JsonObject): ModelUsage {
  const details = raw["input_tokens_details"] ?? raw["prompt_tokens_details"];
  return {
    inputTokens: number(raw["input_tokens"] ?? raw["prompt_tokens"]),
    cacheReadTokens: isObject(details) ? number(details["cached_tokens"]) : 0,
    cacheWriteTokens: 0,
    outputTokens: number(raw["output_tokens"] ?? raw["completion_tokens"]),
  };
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.ceil(value) : 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
