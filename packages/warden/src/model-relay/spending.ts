import type { ModelAccess, ModelPrice } from "./model-access.ts";
import { costOf, type ModelUsage } from "./model-usage.ts";

const unbounded = Number.POSITIVE_INFINITY;

/** What a run spends on models, against what it may. */
export class Spending {
  readonly #maxInputTokens: number;
  readonly #maxOutputTokens: number;
  readonly #maxCostUsd: number;
  readonly #mostCalls: number;
  #calls = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #costUsd = 0;

  constructor({ budget, mostCalls }: Pick<ModelAccess, "budget" | "mostCalls">) {
    this.#maxInputTokens = budget.maxInputTokens ?? unbounded;
    this.#maxOutputTokens = budget.maxOutputTokens ?? unbounded;
    this.#maxCostUsd = budget.maxCostUsd ?? unbounded;
    this.#mostCalls = mostCalls;
  }

  /** Whether a call must be over before it is known what the next may take. */
  get isBounded(): boolean {
    return [this.#maxInputTokens, this.#maxOutputTokens, this.#maxCostUsd].some((most) => most !== unbounded);
  }

  /** Begins a call that sends about so many tokens: answers the most that its answer may have, or a sentence where there is nothing left for it. */
  begin(inputTokens: number, price: ModelPrice | null): number | string {
    if (this.#calls >= this.#mostCalls) return `The run made ${this.#mostCalls} calls of models, the most it may.`;
    const leftInput = this.#maxInputTokens - this.#inputTokens;
    if (leftInput <= 0 || inputTokens > leftInput)
      return `The run sent ${this.#inputTokens} of at most ${this.#maxInputTokens} tokens, and the next call is of about ${inputTokens}.`;
    const leftOutput = this.#maxOutputTokens - this.#outputTokens;
    if (leftOutput <= 0) return `The run received ${this.#outputTokens} of at most ${this.#maxOutputTokens} tokens.`;
    const leftUsd = this.#maxCostUsd - this.#costUsd - (inputTokens * (price?.input ?? 0)) / 1_000_000;
    if (leftUsd <= 0) return `The run spent ${this.#costUsd.toFixed(4)} of at most ${this.#maxCostUsd} US dollars.`;
    this.#calls += 1;
    const outputPrice = price?.output ?? 0;
    return Math.min(leftOutput, outputPrice === 0 ? unbounded : Math.floor((leftUsd / outputPrice) * 1_000_000));
  }

  /** Counts what a call took in the end, and answers its dollars. */
  settle(usage: ModelUsage, price: ModelPrice | null): number {
    const costUsd = price === null ? 0 : costOf(usage, price);
    this.#inputTokens += usage.inputTokens;
    this.#outputTokens += usage.outputTokens;
    this.#costUsd += costUsd;
    return costUsd;
  }
}
