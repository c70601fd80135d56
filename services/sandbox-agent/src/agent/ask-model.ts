import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from "@ai-sdk/provider";

/** What a model is asked, in the words of the SDK's providers. */
export interface ModelCall extends Pick<LanguageModelV4CallOptions, "prompt" | "tools" | "toolChoice" | "reasoning" | "maxOutputTokens"> {
  /** What for, as `modelCalled` says it: `act`, `extract`, … */
  readonly purpose: string;
}

/** What a model answered. */
export type ModelAnswer = Pick<LanguageModelV4GenerateResult, "content">;

/**
 * Calls the run's model, says `modelCalled`, and counts what it took against the run's budget.
 *
 * @throws Fault MODEL_FAILED, BUDGET_EXCEEDED, or the signal's reason.
 */
export type AskModel = (call: ModelCall, signal: AbortSignal) => Promise<ModelAnswer>;
