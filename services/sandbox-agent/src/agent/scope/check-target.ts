import type { PlaybookAction } from "@clew/playbook/schema/action";
import type { StepEffect } from "@clew/playbook/step-actions";
import { clickKind, type DestructiveKind, destructiveKinds } from "../../guardrails/destructive-click.ts";
import { accountWords } from "./account-words.ts";
import { namesCredential, whyNoCredential } from "./check-before.ts";
import { asksFor, namesOnlyWhatIsAsked } from "./directive-words.ts";
import { hasSites, isWithin, judgeScope, type Scope } from "./scope.ts";
import { allow, deny, type ScopeProgress, type ScopeVerdict, type TargetFacts } from "./scope-verdict.ts";

/** What judging a target needs. */
export interface TargetInput {
  readonly scope: Scope;
  readonly progress: ScopeProgress;
}

/**
 * Judges what an action is about to touch, once that is found and before it is touched: a field or a form the work has nothing to do with, a form that is
 * sent elsewhere, a control that does what cannot be taken back.
 */
export function checkTarget(action: PlaybookAction, target: TargetFacts, { scope, progress }: TargetInput): ScopeVerdict {
  const leads = target.leadsTo === undefined || !/^https?:/i.test(target.leadsTo) ? undefined : judgeScope(target.leadsTo, scope);
  if (leads !== undefined) return { kind: "deny", ...leads };
  if (namesCredential(action)) {
    const places = [target.documentUrl, ...(target.formAction === undefined ? [] : [target.formAction])];
    if (!places.every((place) => isWithin(place, scope))) return deny("scope_credential", whyNoCredential(scope));
  }
  const touchesForm = target.submits || target.isField;
  if (touchesForm && scope.visibility.forms !== "all" && !(scope.visibility.forms === "search" && searches(target, scope)))
    return deny(
      "scope_element",
      `The work only looks (${scope.goal}): it fills in and sends no form but one that searches a site of the work.`,
    );
  if (touchesForm && target.formAction !== undefined && hasSites(scope) && !isWithin(target.formAction, scope))
    return deny("scope_form", `The form is sent to ${hostOf(target.formAction)}, which is no site of this work.`);
  if (!presses(action)) return allow("write");
  if (
    !scope.visibility.account &&
    target.labels.some((label) => accountWords.test(label)) &&
    !namesOnlyWhatIsAsked(target.labels, scope.directive)
  )
    return deny("scope_element", "The work has nothing to do with the account: it is not asked for.");
  return checkPress(target, scope, progress);
}

/** Whether a form searches a site of the work: it only asks for a page of it, whose address says what was entered. */
function searches({ asksOnly, formAction }: TargetFacts, scope: Scope): boolean {
  return asksOnly && formAction !== undefined && isWithin(formAction, scope);
}

/** Whether an action may set something off, rather than enter something. */
function presses({ action }: PlaybookAction): boolean {
  return ["click", "press", "key_press", "download", "upload", "drag", "check", "select"].includes(action);
}

function checkPress({ labels }: TargetFacts, scope: Scope, { commits }: ScopeProgress): ScopeVerdict {
  const kinds = [...new Set(labels.flatMap(destructiveKinds))];
  const effect: StepEffect = kinds.length > 0 ? "commit" : "write";
  const words = quoted(labels);
  if (kinds.length > 0) {
    const rule = "destructive_click";
    if (!scope.visibility.destructive) return deny(rule, `The work only looks (${scope.goal}): it does nothing that cannot be taken back.`);
    const prompt = `May the run do what cannot be taken back: ${words}? It was asked to: ${scope.directive}`;
    const isAsked = kinds.every((kind: DestructiveKind) => asksFor(kind, scope.directive));
    if (!isAsked)
      return {
        kind: "ask",
        of: "person",
        rule,
        effect,
        prompt,
        message: `${words} does what cannot be taken back, and the directive does not ask for it.`,
      };
    if (commits >= scope.mostCommits) {
      const message = `The run has done what cannot be taken back ${commits} times, which is as often as the directive asks for.`;
      return { kind: "ask", of: "person", rule: "scope_commit", effect, prompt, message };
    }
    if (namesOnlyWhatIsAsked(labels, scope.directive)) return allow(effect);
    return {
      kind: "ask",
      of: "validator",
      rule,
      effect,
      prompt,
      message: `${words} does what cannot be taken back, and is more than the directive names.`,
    };
  }
  const isOpen = labels.some((label) => clickKind(label) === "ambiguous") && !namesOnlyWhatIsAsked(labels, scope.directive);
  if (!isOpen || !scope.hasValidator) return allow(effect);
  const prompt = `May the run press ${words}? It was asked to: ${scope.directive}`;
  return {
    kind: "ask",
    of: "validator",
    rule: "scope_element",
    effect,
    prompt,
    message: `Nobody could say whether ${words} is part of the work.`,
  };
}

function quoted(labels: readonly string[]): string {
  return `'${(labels[0] ?? "something without a name").slice(0, 80)}'`;
}

function hostOf(address: string): string {
  return URL.parse(address)?.host ?? "no site";
}
