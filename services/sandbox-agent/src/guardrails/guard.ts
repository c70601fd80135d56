import type { HostRules } from "@clew/egress/egress-policy";
import { judgeAddress } from "@clew/egress/judge-address";
import { Fault } from "@clew/fault/fault";
import { defaultBlocklist } from "@clew/playbook/default-blocklist";
import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import { ErrorStreak } from "./error-streak.ts";
import type { GuardrailBlock } from "./guardrail-block.ts";
import { StuckDetector, type StuckObservation, type StuckVerdict } from "./stuck-detector.ts";
import { UrlBudget } from "./url-budget.ts";

/** Judges an address by its text and by where its host leads; rejects where that cannot be known. */
export type CheckAddress = (address: string, rules: HostRules, signal: AbortSignal) => Promise<GuardrailBlock | undefined>;

/** Judges an address by its text. */
type JudgeAddress = (address: string) => GuardrailBlock | undefined;

/** What becomes of the run after an action. */
export interface GuardVerdict {
  readonly stuck: StuckVerdict | undefined;
  /** Ends the run; stays so for every action after it. */
  readonly end: Fault | undefined;
}

/** What a run's guard goes by. */
export interface GuardOptions {
  readonly settings: GuardrailSettings;
  readonly check: CheckAddress;
}

/** The guardrails of one run, and what they remember of it: whoever acts, playbook or agent, asks here before and tells here after. */
export class Guard {
  readonly settings: GuardrailSettings;
  readonly #check: CheckAddress;
  readonly #frameRules: HostRules;
  #confinement: JudgeAddress | undefined;
  readonly #budget: UrlBudget;
  readonly #errors: ErrorStreak;
  readonly #stuck: StuckDetector;
  #end: Fault | undefined;

  constructor({ settings, check }: GuardOptions) {
    this.settings = settings;
    this.#check = check;
    this.#frameRules = { ...settings, blockedDomains: settings.blockedDomains.filter((domain) => !defaultBlocklist.includes(domain)) };
    this.#budget = new UrlBudget(settings.maxUrlsVisited);
    this.#errors = new ErrorStreak(settings.maxConsecutiveErrors);
    this.#stuck = new StuckDetector(settings);
  }

  /** Why the run may not go on; undefined while it may. */
  get end(): Fault | undefined {
    return this.#end;
  }

  /** Until the answer is disposed, every page must also pass this: what an agent's scope says. */
  confine(judge: JudgeAddress): Disposable {
    const before = this.#confinement;
    this.#confinement = judge;
    return {
      [Symbol.dispose]: () => {
        this.#confinement = before;
      },
    };
  }

  /** Judges an address by its text alone: one that is open already. */
  judge(address: string): GuardrailBlock | undefined {
    return judgeAddress(address, this.settings) ?? this.#confinement?.(address);
  }

  /** Judges an address that is about to be opened or asked, and where it leads; spends nothing. Rejects with NAVIGATION_FAILED where that cannot be known. */
  async check(address: string, signal: AbortSignal): Promise<GuardrailBlock | undefined> {
    const block = await this.follow(address, signal);
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

  /** Judges the next hop of a redirect of what was admitted: all but the budget counts. */
  async follow(address: string, signal: AbortSignal): Promise<GuardrailBlock | undefined> {
    // Nothing is looked up of what is refused anyway: a name can carry what was read.
    return this.judge(address) ?? (await this.#check(address, this.settings, signal));
  }

  /** Judges what a page shows in a frame: as a hop, but the default blocklist is about where a run goes, not about what shops and papers embed. */
  async embed(address: string, signal: AbortSignal): Promise<GuardrailBlock | undefined> {
    return /^(?:https?|file):/i.test(address) ? await this.#check(address, this.#frameRules, signal) : undefined;
  }

  /** Takes in how an action ended. Going in circles ends an agent's work; a playbook's steps are its author's. */
  record(
    observation: Omit<StuckObservation, "success">,
    failure: Fault | undefined,
    actor: "playbook" | "agent" = "playbook",
  ): GuardVerdict {
    const stuck = this.#stuck.record({ ...observation, success: failure === undefined });
    const tooMany = this.#errors.record(failure);
    const circles =
      actor === "agent" && stuck?.severity === "stop"
        ? new Fault("STUCK", { message: stuck.message, details: { rule: stuck.rule } })
        : undefined;
    this.#end ??= tooMany ?? circles;
    return { stuck, end: this.#end };
  }
}
