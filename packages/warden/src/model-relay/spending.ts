import type { ModelAccess, ModelPrice } from "./model-access.ts";
import { costOf, type ModelUsage } from "./model-usage.ts";

/** What a call that may be made holds of the budget until it is settled. */
export interface Reservation {
  /** The most tokens its answer may have; Infinity where nothing bounds it. */
  readonly mostOutputTokens: number;
  /** Counts what the call took in the end, and answers its dollars. */
  settle(usage: ModelUsage): number;
}

/** What a run spends on models, against what it may. Calls at once hold their parts of it, so that together they do not pass it. */
export class Spending {
  readonly #access: Pick<ModelAccess, "budget" | "mostCalls">;
  #calls = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #costUsd = 0;
  #heldInput = 0;
  #heldCost = 0;

  constructor(access: Pick<ModelAccess, "budget" | "mostCalls">) {
    this.#access = access;
  }

  /** Takes a part of the budget for a call of about so many tokens; answers a sentence where there is none left. */
  reserve(inputTokens: number, price: ModelPrice | null): Reservation | string {
    const { budget, mostCalls } = this.#access;
    const {
      maxInputTokens = Number.POSITIVE_INFINITY,
      maxOutputTokens = Number.POSITIVE_INFINITY,
      maxCostUsd = Number.POSITIVE_INFINITY,
    } = budget;
    if (this.#calls >= mostCalls) return `The run made ${mostCalls} calls of models, the most it may.`;
    const leftInput = maxInputTokens - this.#inputTokens - this.#heldInput;
    if (leftInput <= 0 || inputTokens > leftInput)
      return `The run sent ${this.#inputTokens} of at most ${maxInputTokens} tokens, and the next call is of about ${inputTokens}.`;
    const leftOutput = maxOutputTokens - this.#outputTokens;
    if (leftOutput <= 0) return `The run received ${this.#outputTokens} of at most ${maxOutputTokens} tokens.`;
    const inputUsd = price === null ? 0 : (inputTokens * price.input) / 1_000_000;
    const leftUsd = maxCostUsd - this.#costUsd - this.#heldCost - inputUsd;
    if (leftUsd <= 0) return `The run spent ${this.#costUsd.toFixed(4)} of at most ${maxCostUsd} US dollars.`;
    const affordable = price === null || price.output === 0 ? Number.POSITIVE_INFINITY : Math.floor((leftUsd / price.output) * 1_000_000);
    this.#calls += 1;
    this.#heldInput += inputTokens;
    this.#heldCost += inputUsd;
    return {
      mostOutputTokens: Math.min(leftOutput, affordable),
      settle: (usage) => {
        const costUsd = price === null ? 0 : costOf(usage, price);
        this.#heldInput -= inputTokens;
        this.#heldCost -= inputUsd;
        this.#inputTokens += usage.inputTokens;
        this.#outputTokens += usage.outputTokens;
        this.#costUsd += costUsd;
        return costUsd;
      },
    };
  }
}
