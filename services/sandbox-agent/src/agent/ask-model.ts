import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from "@ai-sdk/provider";

/**
 * What a model is asked, in the words of the SDK's providers.
 *
 * The same work must ask the same twice, or a cassette does not fit: no clock, no duration, no random number in a prompt but nonces of at least
 * 16 hexadecimal digits, which a cassette tells apart by their place only.
 */
export interface ModelCall
  extends Pick<
    LanguageModelV4CallOptions,
    "prompt" | "tools" | "toolChoice" | "reasoning" | "maxOutputTokens" | "responseFormat" | "temperature"
  > {
  /** What for, as `modelCalled` says it: `act`, `extract`, …: at most 40 lower-case letters, digits and hyphens. */
  readonly purpose: string;
  /** `utility` asks the smaller model that the operator chose for judging and extracting, where there is one; `main` unless given. */
  readonly role?: "main" | "utility";
}

/** What a model call took, as its provider counted. */
export interface ModelUsage {
  /** All tokens sent, cached ones included. */
  readonly inputTokens: number;
  /** Those of them that the provider had kept. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  /** US dollars by the operator's prices; 0 where there is none for the model. */
  readonly costUsd: number;
}

/** What a model answered. */
export interface ModelAnswer extends Pick<LanguageModelV4GenerateResult, "content"> {
  /** The model that answered, as `provider:name`: a fallback's, perhaps. */
  readonly model: string;
  /** Why it ended: `stop`, `length`, `tool-calls`, `content-filter`, `error` or `other`. */
  readonly finish: LanguageModelV4GenerateResult["finishReason"]["unified"];
  readonly usage: ModelUsage;
}

/**
 * Calls the run's model: tries again what may pass, and then the fallback model. The relay outside the sandbox counts what it takes against the
 * run's budget, and says `modelCalled` of each try, failed ones included.
 *
 * @throws Fault MODEL_FAILED, BUDGET_EXCEEDED, CASSETTE_MISMATCH, or the signal's reason.
 */
export type AskModel = (call: ModelCall, signal: AbortSignal) => Promise<ModelAnswer>;
