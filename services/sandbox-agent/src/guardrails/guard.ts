import type { Fault } from "@clew/fault/fault";
import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import { type AddressRules, judgeAddress } from "./address-rules.ts";
import { ErrorStreak } from "./error-streak.ts";
import type { GuardrailBlock } from "./guardrail-block.ts";
import { StuckDetector, type StuckObservation, type StuckVerdict } from "./stuck-detector.ts";
import { UrlBudget } from "./url-budget.ts";

/** Judges an address by its text and by where its host leads; rejects where that cannot be known. */
export type CheckAddress = (address: string, rules: AddressRules, signal: AbortSignal) => Promise<GuardrailBlock | undefined>;

/** What becomes of the run after an action. */
export interface GuardVerdict {
  readonly stuck: StuckVerdict | undefined;
  /** Ends the run; stays so for every action after it. */
  readonly end: Fault | undefined;
}

/** The guardrails of one run, and what they remember of it: whoever acts, playbook or agent, asks here before and tells here after. */
export class Guard {
  readonly settings: GuardrailSettings;
  readonly #check: CheckAddress;
  readonly #budget: UrlBudget;
  readonly #errors: ErrorStreak;
  readonly #stuck: StuckDetector;
  #end: Fault | undefined;

  constructor(settings: GuardrailSettings, check: CheckAddress) {
    this.settings = settings;
    this.#check = check;
    this.#budget = new UrlBudget(settings.maxUrlsVisited);
    this.#errors = new ErrorStreak(settings.maxConsecutiveErrors);
    this.#stuck = new StuckDetector(settings);
  }

  /** Why the run may not go on; undefined while it may. */
  get end(): Fault | undefined {
    return this.#end;
  }

  /** Judges an address by its text alone: one that is open already. */
  judge(address: string): GuardrailBlock | undefined {
    return judgeAddress(address, this.settings);
  }

  /** Judges an address that is about to be opened or asked, and where it leads; spends nothing. Rejects with NAVIGATION_FAILED where that cannot be known. */
  async check(address: string, signal: AbortSignal): Promise<GuardrailBlock | undefined> {
    const block = await this.#check(address, this.settings, signal);
    if (block !== undefined || this.#budget.allows(address)) return block;
    const most = this.settings.maxUrlsVisited;
    return {
      rule: "url_budget",
      message: `The run has visited ${most} addresses, which is the most it may; raise guardrails.maxUrlsVisited if it needs more.`,
    };
  }

  /** Judges an address as `check` does, and counts it as visited where nothing is said against it. */
  async admit(address: string, signal: AbortSignal): Promise<GuardrailBlock | undefined> {
    const block = await this.check(address, signal);
    if (block === undefined) this.#budget.spend(address);
    return block;
  }

  /** Judges a place that something already admitted leads to, such as a redirect's next hop or a frame: all but the budget counts. */
  follow(address: string, signal: AbortSignal): Promise<GuardrailBlock | undefined> {
    return this.#check(address, this.settings, signal);
  }

  /** Takes in how an action ended. */
  record(observation: Omit<StuckObservation, "success">, failure: Fault | undefined): GuardVerdict {
    const stuck = this.#stuck.record({ ...observation, success: failure === undefined });
    this.#end ??= this.#errors.record(failure);
    return { stuck, end: this.#end };
  }
}
