import { randomBytes } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import type { ActivePage } from "../../browser/active-page.ts";
import { publicAddress } from "../../browser/address.ts";
import { destructiveKinds } from "../../guardrails/destructive-click.ts";
import type { Guard } from "../../guardrails/guard.ts";
import type { GuardrailBlock } from "../../guardrails/guardrail-block.ts";
import type { SnapshotNode } from "../../observation/snapshot-tree.ts";
import type { Person } from "../../person/ask-person.ts";
import type { Report } from "../../report.ts";
import type { ScopeVerdict as Admission, AgentScope, ProposedAction } from "../agent-scope.ts";
import { blindNodes } from "./blind.ts";
import { checkBefore, namesCredential } from "./check-before.ts";
import { checkTarget } from "./check-target.ts";
import { asksForAll } from "./directive-words.ts";
import { filterObservation, filterText } from "./filter-observation.ts";
import { injectionEvent } from "./injection-event.ts";
import { madeUpChars } from "./made-up-address.ts";
import { readTargets } from "./read-target.ts";
import { hasSites, judgePage, judgeScope, type Scope } from "./scope.ts";
import type { ScopeVerdict, TargetFacts } from "./scope-verdict.ts";
import { SeenAddresses } from "./seen-addresses.ts";
import { skeletonOf } from "./skeleton.ts";
import type { Validator } from "./validate-action.ts";

/** What confining an agent needs. */
export interface ConfineOptions {
  readonly scope: Scope;
  readonly active: ActivePage;
  readonly guard: Pick<Guard, "confine">;
  readonly secrets: Pick<KnownSecrets, "redact">;
  readonly report: Report;
  readonly person: Person;
  /** Judges what the rules leave open; where there is none, a person does. */
  readonly validator: Validator | undefined;
  /** Takes a picture of the page for a person; answers the name it is stored under, or nothing. */
  readonly picture: (name: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** An agent's scope, until it is disposed. */
export type ConfinedAgent = AgentScope & AsyncDisposable;

/** Keeps an agent, from now on, in what its directive allows: pages, elements, texts. Every page that is opened meanwhile is judged, whoever opens it. */
export function confineAgent(options: ConfineOptions): ConfinedAgent {
  return new Confinement(options);
}

class Confinement implements ConfinedAgent {
  readonly allowedTools: AgentScope["allowedTools"];
  readonly isBound: boolean;
  readonly #options: ConfineOptions;
  readonly #confined: readonly Disposable[];
  readonly #seen = new SeenAddresses();
  readonly #told = new Set<string>();
  #saying: Promise<void> = Promise.resolve();
  #commits = 0;
  #mayConfirm = false;
  #madeUpChars = 0;

  constructor(options: ConfineOptions) {
    const { scope, guard, active } = options;
    this.#options = options;
    this.allowedTools = scope.actions;
    this.isBound = hasSites(scope);
    const mayAccept = (message: string) => asksForAll(destructiveKinds(skeletonOf(message).text), scope.asked);
    this.#confined = [guard.confine((address) => judgeScope(address, scope)), active.dialogs.confine(mayAccept)];
  }

  readonly filterNodes = (nodes: readonly SnapshotNode[]): readonly SnapshotNode[] => {
    const { scope, active } = this.#options;
    const blinded = blindNodes(nodes, scope);
    this.#seen.addNodes(blinded.nodes, active.url);
    this.#sayFound(blinded.found);
    return blinded.nodes;
  };

  markUntrusted(text: string): string {
    const { text: marked, found } = filterObservation(text, newNonce());
    this.#sayFound(found);
    return marked;
  }

  async checkBefore({ step, actionId, element }: ProposedAction, signal: AbortSignal): Promise<Admission> {
    const { scope, active, secrets } = this.#options;
    if (step.action === "execute_sequence") return { block: { rule: "scope_action", message: "A sequence is no action of an agent." } };
    const { redact } = secrets;
    const progress = {
      commits: this.#commits,
      mayConfirm: this.#mayConfirm,
      madeUpChars: this.#madeUpChars,
      labelOf: (address: string) => this.#seen.labelOf(address),
    };
    const page = { url: active.url, wasPosted: active.wasPosted };
    let verdict = checkBefore(step, { scope, page, progress, redact });
    let labels: readonly string[] = [];
    if (verdict.kind === "allow" && verdict.effect !== "read") {
      const read = await readTargets(step, { active, signal, redact });
      const targets = read.map((target, at) => (at === 0 ? named(target, element) : target));
      if (targets.length === 0 && namesCredential(step))
        return { block: { rule: "scope_credential", message: "Nothing has the focus that a credential could be entered in." } };
      labels = targets.flatMap(wordsAround);
      verdict = gravest(
        verdict,
        targets.map((target) => checkTarget(step, target, { scope, page, progress })),
      );
    }
    const admitted = verdict.kind === "ask" ? await this.#ask({ step, actionId }, verdict, labels, signal) : verdict;
    if (admitted.kind !== "allow") return { block: { rule: admitted.rule, message: redact(admitted.message) } };
    this.#count(step, admitted);
    return { effect: admitted.effect };
  }

  judgePage(url: string): GuardrailBlock | undefined {
    return judgePage(url, this.#options.scope);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const confined of this.#confined) confined[Symbol.dispose]();
    await this.#saying;
  }

  /** Asks whoever may agree. Who is not there, does not answer or answers anything else has not agreed. */
  async #ask(
    { step, actionId }: { readonly step: PlaybookAction; readonly actionId: string },
    verdict: Extract<ScopeVerdict, { kind: "ask" }>,
    labels: readonly string[],
    signal: AbortSignal,
  ): Promise<Exclude<ScopeVerdict, { kind: "ask" }>> {
    const { rule, effect } = verdict;
    if (verdict.of === "validator" && (await this.#isPartOfWork(step, labels, signal))) return { kind: "allow", effect };
    const { person, picture } = this.#options;
    const screenshot = person.isThere ? await picture(`approve-${actionId}.jpg`, signal) : undefined;
    const said = await person.ask({ kind: "APPROVE", prompt: verdict.prompt, actionId, ...(screenshot && { screenshot }) }, signal);
    if (typeof said === "object" && said.answer === "approve") return { kind: "allow", effect };
    const why =
      said === "nobody" ? "nobody is there to approve it" : said === "expired" ? "nobody approved it in time" : "a person denied it";
    return { kind: "deny", rule, message: `${verdict.message} Not done: ${why}.` };
  }

  async #isPartOfWork(step: PlaybookAction, labels: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { scope, active, secrets, validator } = this.#options;
    if (validator === undefined || !scope.hasValidator) return false;
    const { redact } = secrets;
    const open = {
      directive: scope.directive,
      action: step.action,
      labels: filterText(redact(labels.join("\n"))).text,
      url: publicAddress(redact(active.url)),
    };
    try {
      return await validator.isPartOfWork(open, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof Fault && endsRun.has(thrown.reason)) throw thrown;
      return false;
    }
  }

  #count(step: PlaybookAction, { effect, isConfirmation = false }: Extract<ScopeVerdict, { kind: "allow" }>): void {
    const { scope } = this.#options;
    if (effect === "commit" && !isConfirmation) this.#commits++;
    if (effect !== "read") this.#mayConfirm = effect === "commit" && !isConfirmation;
    if (step.action === "goto" && this.#seen.labelOf(step.params.url) === undefined)
      this.#madeUpChars += madeUpChars(step.params.url, scope.directive);
  }

  #sayFound(found: readonly string[]): void {
    const { report, active, secrets } = this.#options;
    const url = publicAddress(secrets.redact(active.url));
    for (const pattern of found) {
      const key = `${pattern} ${url}`;
      if (this.#told.has(key) || this.#told.size >= mostTold) continue;
      this.#told.add(key);
      const said = report.say(injectionEvent(pattern, url));
      this.#saying = Promise.all([this.#saying, said]).then(
        () => {},
        () => {},
      );
    }
  }
}

/** What a validator must not swallow. */
const endsRun: ReadonlySet<string> = new Set(["BUDGET_EXCEEDED", "CASSETTE_MISMATCH", "TERMINATED"]);

/** The most findings that are told of, one event each. */
const mostTold = 50;

/** Makes the number of one call's marks: 128 random bits, in hexadecimal digits. */
export function newNonce(): string {
  return randomBytes(16).toString("hex");
}

/** What was found of an element, with what the agent was shown as its name: it may be put together by what no text of the page holds. */
function named(target: TargetFacts, element: SnapshotNode | undefined): TargetFacts {
  const shown = target.isField || element === undefined ? [] : [element.name, element.text].filter((text) => text !== "");
  return { ...target, labels: [...new Set([...target.labels, ...shown])] };
}

/** What stands on an element, and what tells it from others like it, a line each. */
function wordsAround({ labels, row, around, heading }: TargetFacts): readonly string[] {
  const others = { "in the row": row, "in the question or form": around, "on the page": heading };
  return [...labels, ...Object.entries(others).flatMap(([where, text]) => (text === "" ? [] : [`${where}: ${text}`]))];
}

function gravest(first: ScopeVerdict, others: readonly ScopeVerdict[]): ScopeVerdict {
  const all = [first, ...others];
  return (
    all.find(({ kind }) => kind === "deny") ??
    all.find((verdict) => verdict.kind === "ask" && verdict.of === "person") ??
    all.find(({ kind }) => kind === "ask") ??
    all.find((verdict) => verdict.kind === "allow" && verdict.effect === "commit") ??
    others.at(-1) ??
    first
  );
}
