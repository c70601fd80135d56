import { targetOf } from "@clew/egress/judge-address";
import type { Fault } from "@clew/fault/fault";
import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import { ActionBlocked, GuardrailTripped, StuckDetected } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { ActivePage } from "../browser/active-page.ts";
import { publicAddress } from "../browser/address.ts";
import type { AskWarden } from "../egress/ask-warden.ts";
import type { Report } from "../report.ts";
import { createCheckAddress } from "./check-address.ts";
import { NavigationWatch, type Trip } from "./check-navigations.ts";
import { Guard } from "./guard.ts";
import { blockedFault } from "./guardrail-block.ts";
import { type StuckSeverity, stuckSeverities } from "./stuck-detector.ts";
import { stuckSignature } from "./stuck-signature.ts";

/** Which action it is, as events say it. */
export interface ActionFacts {
  readonly stepIndex: number;
  readonly stepId: string;
  readonly actionId: string;
  readonly tool: string;
  readonly action: string;
  readonly inputSummary: string;
}

/** Who acted: a step of a playbook, or an agent, and what the page was like before. */
export type ActionSubject = { readonly stepId: string } | { readonly pageState: string };

/** What checking a run's actions needs. */
export interface ActionChecksOptions {
  readonly settings: GuardrailSettings;
  readonly active: ActivePage;
  readonly report: Report;
  readonly redact: Redact;
  readonly askWarden: AskWarden;
  /** Ends whatever is asked. */
  readonly signal: AbortSignal;
}

/** The most blocked addresses that are told of, one event each. */
const mostTrips = 50;

/**
 * Checks each action against the run's guardrails, and its page meanwhile, and says what they find. A playbook's steps are its author's, so going in
 * circles is said and never ends it; an agent it ends. Dispose it before the page.
 */
export class ActionChecks implements AsyncDisposable {
  readonly guard: Guard;
  readonly #options: ActionChecksOptions;
  readonly #told = new Set<string>();
  #saying: Promise<void> = Promise.resolve();
  #watch: NavigationWatch | undefined;
  #trip: Fault | undefined;
  #tripped = new AbortController();
  #stuck: StuckSeverity | undefined;
  #hint: string | undefined;

  private constructor(options: ActionChecksOptions) {
    this.#options = options;
    this.guard = new Guard({ settings: options.settings, check: createCheckAddress(options.askWarden) });
  }

  /** Begins to watch the page. */
  static async open(options: ActionChecksOptions): Promise<ActionChecks> {
    const checks = new ActionChecks(options);
    const { guard } = checks;
    checks.#watch = await NavigationWatch.open(options.active.context, {
      guard,
      signal: options.signal,
      onTrip: (trip) => checks.#onTrip(trip),
    });
    return checks;
  }

  /** Has an address judged that an action will open soon, so that the action need not wait for where it leads. Decides nothing. */
  foresee(address: string): void {
    this.guard.check(address, this.#options.signal).catch(() => {});
  }

  /** Lets an action begin, or says why not and throws GUARDRAIL_BLOCKED. */
  async before(step: ActingStep, facts: ActionFacts): Promise<void> {
    const end = this.guard.end ?? this.takeTrip();
    if (end !== undefined) throw end;
    const address =
      step.action === "goto" || step.action === "download" ? step.params.url : step.action === "api_request" ? step.request.url : undefined;
    const block = address === undefined ? undefined : await this.guard.check(address, this.#options.signal);
    if (block === undefined) return;
    const fault = blockedFault(block);
    await this.sayBlocked(fault, facts);
    throw fault;
  }

  /** Answers why an address was not reached just now, by the system's word for it, such as `ECONNREFUSED`; undefined where nobody knows. */
  async whyUnreached(address: string): Promise<string | undefined> {
    const { askWarden, signal } = this.#options;
    const target = targetOf(address);
    const answer = target && (await askWarden(target, signal).catch(() => undefined));
    return answer?.failure;
  }

  /** Says that an action was not done. */
  async sayBlocked({ message, details }: Fault, facts: ActionFacts): Promise<void> {
    const value = ActionBlocked.fromPartial({ ...facts, rule: details.rule ?? "", message });
    await this.#options.report.say({ summary: `Blocked: ${message}`, payload: { $case: "actionBlocked", value } });
  }

  /** Aborts when the browser is kept from opening a page: what only looks need not wait for one that will not come. Another one after `takeTrip`. */
  get tripped(): AbortSignal {
    return this.#tripped.signal;
  }

  /** Answers, once, why the browser was kept from opening a page; undefined where it was not. */
  takeTrip(): Fault | undefined {
    const trip = this.#trip;
    this.#trip = undefined;
    if (trip !== undefined) this.#tripped = new AbortController();
    return trip;
  }

  /** Takes in how an action ended, and throws where the run may not go on. */
  async after(step: ActingStep, subject: ActionSubject, failure: Fault | undefined): Promise<void> {
    const { active, report } = this.#options;
    const isAgent = "pageState" in subject;
    const pageState = isAgent ? subject.pageState : active.url;
    const visited = step.action === "goto" ? [active.url] : [];
    const observation = { signature: isAgent ? agentSignature(step) : stepSignature(subject.stepId, step), pageState, visited };
    const { stuck, end } = this.guard.record(observation, failure, isAgent ? "agent" : "playbook");
    const severity = !isAgent && stuck?.severity === "stop" ? "warning" : stuck?.severity;
    const isGraver = severity !== undefined && rank(severity) > rank(this.#stuck);
    this.#stuck = severity;
    this.#hint = stuck?.message;
    if (stuck !== undefined && isGraver) {
      const value = StuckDetected.fromPartial({ ...stuck, severity });
      await report.say({ summary: stuck.message, payload: { $case: "stuckDetected", value } });
    }
    if (end !== undefined) throw end;
  }

  /** Answers, once, what is said of the last action going in circles; undefined where nothing is. */
  takeHint(): string | undefined {
    const hint = this.#hint;
    this.#hint = undefined;
    return hint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#saying;
  }

  #onTrip({ block, address, isPage }: Trip): void {
    if (isPage) {
      this.#trip ??= blockedFault(block);
      this.#tripped.abort(this.#trip);
    }
    const url = publicAddress(this.#options.redact(address));
    const key = `${block.rule} ${URL.parse(address)?.host ?? url}`;
    if (this.#told.has(key) || this.#told.size >= mostTrips) return;
    this.#told.add(key);
    const value = GuardrailTripped.fromPartial({ ...block, url });
    const summary = `Kept ${isPage ? "a page" : "a frame"} from opening: ${block.message}`;
    const said = this.#options.report.say({ summary, payload: { $case: "guardrailTripped", value } });
    this.#saying = Promise.all([this.#saying, said]).then(
      () => {},
      () => {},
    );
  }
}

/** Two steps of a playbook are never the same; one that comes again, in another round or try, may be. */
function stepSignature(stepId: string, step: ActingStep): string {
  return `${stepId.replaceAll(/\.\d+\.(?=steps-)/g, ".")} ${stuckSignature(step)}`;
}

/** An element that is called the same is the same to an agent: its ref is another after every navigation. */
function agentSignature(step: ActingStep): string {
  return stuckSignature({ ...step, selector: "selector" in step ? step.selector?.description : undefined });
}

function rank(severity: StuckSeverity | undefined): number {
  return severity === undefined ? -1 : stuckSeverities.indexOf(severity);
}
