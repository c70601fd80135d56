import type { PlaybookAction } from "@clew/playbook/schema/action";
import { clickKind, type DestructiveKind, destructiveKinds } from "../../guardrails/destructive-click.ts";
import { isOfSameSite } from "../../guardrails/same-site.ts";
import { accountWords } from "./account-words.ts";
import { namesCredential, whyNoCredential } from "./check-before.ts";
import { namesNothing, namesOnlyAskedCodes, namesOnlyWhatIsAsked, namesTheAsked, namesWhole } from "./directive-words.ts";
import { redactedLine } from "./filter-observation.ts";
import { judgeCommit } from "./judge-commit.ts";
import { wordsOfAddress } from "./made-up-address.ts";
import { hasSites, isWithin, judgeScope, mayHoldCredential, type Scope } from "./scope.ts";
import { allow, deny, type PageFacts, type ScopeProgress, type ScopeVerdict, type TargetFacts } from "./scope-verdict.ts";
import { skeletonOf } from "./skeleton.ts";

/** What judging a target needs. */
export interface TargetInput {
  readonly scope: Scope;
  readonly page: PageFacts;
  readonly progress: Pick<ScopeProgress, "commits" | "mayConfirm">;
}

/** What may set something off, rather than enter something. */
const pressing: ReadonlySet<string> = new Set(["click", "press", "key_press", "download", "upload", "drag", "check", "select"]);

/** Words on what leaves a question without doing what it asks for. */
const declining = /^(?:no|no thanks|cancel|close|dismiss|back|go back|not now|x|×)$/;

/** What a single word on a button does that cannot be taken back. */
const bare: Readonly<Record<string, DestructiveKind>> = { pay: "buy", buy: "buy", order: "buy", send: "send", post: "publish" };

/** Signs that only lead or look elsewhere: arrows, menus, magnifiers, plus and minus. */
const plainSign = /^[<>«»←→↑↓▲▼▶◀►◄▴▾▸◂+−…⋮⋯☰≡🔍🔎\s-]*$/u;

/**
 * Judges what an action is about to touch, once that is found and before it is touched: a field or a form the work has nothing to do with, a form that is
 * sent elsewhere, a control that does what cannot be taken back. Words count as they look, whatever letters they are written with.
 */
export function checkTarget(action: PlaybookAction, target: TargetFacts, input: TargetInput): ScopeVerdict {
  const { scope } = input;
  const led = target.leadsTo === undefined || !/^https?:/i.test(target.leadsTo) ? undefined : judgeScope(target.leadsTo, scope);
  if (led !== undefined) return { kind: "deny", ...led };
  const refused = checkEntering(action, target, input);
  if (refused !== undefined || !pressing.has(action.action)) return refused ?? allow("write");
  if (!target.isField) return checkPress(target, input);
  // In a field, Enter presses the button of its form.
  return pressesEnter(action) ? checkPress({ ...target, labels: target.sends }, input) : allow("write");
}

/** Whether Enter is pressed: by its name, or where a text is typed key by key by an end of line, which a credential may hold too. */
function pressesEnter(action: PlaybookAction): boolean {
  if (action.action !== "press" && action.action !== "key_press") return false;
  if (/Enter$|[\r\n]/.test(action.params.key ?? "")) return true;
  if (action.action === "press" || action.selector !== undefined) return false;
  return action.params.credential_ref !== undefined || /[\r\n]/.test(action.params.text ?? "");
}

/** Judges where what is entered would go; nothing where nothing is said against it. */
function checkEntering(action: PlaybookAction, target: TargetFacts, { scope, page }: TargetInput): ScopeVerdict | undefined {
  const { documentUrl, formAction, isField, submits } = target;
  if (namesCredential(action)) {
    const places = [documentUrl, ...(formAction === undefined ? [] : [formAction])];
    if (!places.every((place) => mayHoldCredential(place, scope))) return deny("scope_credential", whyNoCredential(scope));
  }
  if (!submits && !isField) return undefined;
  if (scope.visibility.forms !== "all" && !(scope.visibility.forms === "search" && searches(target, scope)))
    return deny(
      "scope_element",
      `The work only looks (${scope.goal}): it fills in and sends no form but one that searches a site of the work.`,
    );
  if (isForeign(documentUrl, page, scope))
    return deny("scope_form", `The form is a part of ${hostOf(documentUrl)}, which is no site of this work.`);
  if (formAction !== undefined && isForeign(formAction, page, scope))
    return deny("scope_form", `The form is sent to ${hostOf(formAction)}, which is no site of this work.`);
  return undefined;
}

/** Whether a form searches a site of the work: it only asks for a page of it, whose address says what was entered. */
function searches({ asksOnly, formAction }: TargetFacts, scope: Scope): boolean {
  return asksOnly && formAction !== undefined && isWithin(formAction, scope);
}

/** Whether an address is of another site than the work's; of another than the page's where the work is bound to none. A page's own text is the page's. */
function isForeign(address: string, page: PageFacts, scope: Scope): boolean {
  if (address.startsWith("about:")) return false;
  if (hasSites(scope)) return !isWithin(address, scope);
  const [there, here] = [URL.parse(address), URL.parse(page.url)];
  return there === null || here === null || !isOfSameSite(there, here);
}

/** Judges what a press may set off, by what a person would read there: the element's own words, or what is around it where those name nothing. */
function checkPress(target: TargetFacts, { scope, page, progress: { commits, mayConfirm } }: TargetInput): ScopeVerdict {
  const { directive, asked, visibility, hasValidator } = scope;
  const labels = target.labels.map((label) => skeletonOf(label).text);
  const around = skeletonOf(target.around).text;
  const declines = labels.length > 0 && labels.every((label) => declining.test(label));
  // `Close` leaves a question, but not `Close your account?`.
  const isSaid = declines && labels.some((label) => around.split(new RegExp(`\\b${label}\\b`)).length > 2);
  // Where the work is to cancel something, what says so does it, also `Cancel` in a row of its own.
  const cancels = asked.kinds.has("end") && labels.some((label) => /\bcancel/.test(label)) && (!declines || target.row !== "");
  if (declines && !isSaid && !cancels) return allow("write");
  const own = isSaid || namesNothing(labels) ? [...labels, around].filter((text) => text !== "") : labels;
  const address = wordsOfAddress(target.leadsTo);
  const named = [...own, address].flatMap(destructiveKinds).concat(labels.flatMap(bareKinds));
  const kinds = [...new Set(cancels ? [...named, "end" as const] : named)];
  // One of many rows is named by its row, unless the label says all that the directive does.
  const row = skeletonOf(target.row).text;
  const read = kinds.length === 0 || row === "" || namesWhole(labels, asked) ? own : [...own, row];
  const inRow = read.length > own.length ? ` in the row '${row.slice(0, 80)}'` : "";
  const words = `'${(target.labels[0] ?? "something without a name").slice(0, 80)}'${inRow}`;
  const isOfAsked = kinds.length === 0 || namesTheAsked([...labels, around, row, wordsOfAddress(page.url), target.heading], asked);
  const isAsked = isOfAsked && namesOnlyWhatIsAsked(read, asked);
  const isAccount = labels.some((label) => accountWords.test(label)) && !isAsked;
  if (kinds.length > 0) {
    const isConfirmation = mayConfirm && target.isInDialog && namesOnlyAskedCodes([...labels, around, row], asked);
    return judgeCommit({ kinds, words, isAsked, isAccount, commits, isConfirmation, rule: "destructive_click" }, scope);
  }
  if (labels.length === 0 || labels.some((label) => label.includes(redactedLine))) {
    const message = "Nobody could say what is pressed: it has no name of its own.";
    return {
      kind: "ask",
      of: "person",
      rule: "scope_element",
      effect: "write",
      prompt: `May the run press what has no name? It was asked to: ${directive}`,
      message,
    };
  }
  if (isAccount && !visibility.account) return deny("scope_element", "The work has nothing to do with the account: it is not asked for.");
  const isSign = read.every((label) => !/[\p{L}\p{N}]/u.test(label));
  const isOpen = isSign
    ? !read.every((label) => plainSign.test(label))
    : !isAsked && read.some((label) => clickKind(label) === "ambiguous");
  if (!isOpen || !hasValidator) return allow("write");
  const message = `Nobody could say whether ${words} is part of the work.`;
  const prompt = `May the run press ${words}? It was asked to: ${directive}`;
  return { kind: "ask", of: "validator", rule: "scope_element", effect: "write", prompt, message };
}

function bareKinds(label: string): readonly DestructiveKind[] {
  const kind = Object.hasOwn(bare, label) ? bare[label] : undefined;
  return kind === undefined ? [] : [kind];
}

function hostOf(address: string): string {
  return URL.parse(address)?.host ?? "no site";
}
