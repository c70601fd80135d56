import type { PlaybookRequest } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import { effectOf } from "@clew/playbook/step-effect";
import { destructiveKinds } from "../../guardrails/destructive-click.ts";
import { accountWords } from "./account-words.ts";
import { decoded } from "./decoded.ts";
import { namesOnlyWhatIsAsked } from "./directive-words.ts";
import { judgeCommit } from "./judge-commit.ts";
import { judgeMadeUpAddress, wordsOfAddress } from "./made-up-address.ts";
import { hasSites, isWithin, judgeScope, mayHoldCredential, type Scope } from "./scope.ts";
import { allow, deny, type PageFacts, type ScopeProgress, type ScopeVerdict } from "./scope-verdict.ts";
import { skeletonOf } from "./skeleton.ts";

/** What judging needs besides the action. */
export interface BeforeInput {
  readonly scope: Scope;
  readonly page: PageFacts;
  readonly progress: ScopeProgress;
  /** Masks the run's secrets: what it changes holds one. */
  readonly redact: Redact;
}

/** What presses an element that is not named: pages give keys to elements (`accesskey`). */
const accessKey = /(?:^|\+)Alt(?:Left|Right)?\+(?:.+\+)?(?:.|Key[A-Z]|Digit\d|Numpad\d)$/iu;

/** Judges what a model wants to do before anything is touched: by its name, its addresses and its texts. */
export function checkBefore(action: PlaybookAction, { scope, page, progress, redact }: BeforeInput): ScopeVerdict {
  if (!scope.actions.has(action.action)) {
    const list = [...scope.actions].join(", ");
    return deny("scope_action", `'${action.action}' is not part of this work (${scope.goal}): it has ${list}.`);
  }
  const address = addressOf(action);
  if (address !== undefined) {
    if (holdsSecret(address, redact)) return deny("scope_secret", "The address holds a secret of the run.");
    const block = judgeScope(address, scope) ?? judgeMadeUpAddress(address, scope, progress);
    if (block !== undefined) return { kind: "deny", ...block };
  }
  if ((action.action === "press" || action.action === "key_press") && accessKey.test(action.params.key ?? ""))
    return deny("scope_element", "Alt and a key press whatever the page gives that key to: click the element itself.");
  const repeats = (action.action === "reload" || action.action === "go_back") && page.wasPosted === true;
  if (repeats) return deny("scope_commit", "The page answers what was sent: open an address instead, since this could send it once more.");
  if (action.action === "api_request") {
    const refused = judgeRequest(action.request, scope, redact);
    if (refused !== undefined) return refused;
  }
  const typed = typedBy(action);
  // What the directive says itself is no secret of it, though a secret may be spelled the same.
  if (typed !== undefined && !scope.directive.includes(typed) && holdsSecret(typed, redact))
    return deny("scope_secret", "The text holds a secret of the run: name the credential with credential_ref.");
  if (namesCredential(action) && !mayHoldCredential(page.url, scope)) return deny("scope_credential", whyNoCredential(scope));
  if (action.action === "handle_dialog" && action.params.accept && action.params.text !== undefined && !isWithin(page.url, scope))
    return deny("scope_form", "A question of a page that is no site of this work is answered with no text.");
  const opened = address === undefined ? undefined : judgeOpening(action, address, scope, progress);
  if (opened !== undefined) return opened;
  return allow(effectOf({ ...action, description: "", on_failure: "abort", failure_message: "" }));
}

/** Judges what an address and its link say that opening it does; nothing where that can be taken back. */
function judgeOpening(action: PlaybookAction, address: string, scope: Scope, progress: ScopeProgress): ScopeVerdict | undefined {
  const label = skeletonOf(progress.labelOf(address) ?? "").text;
  const sent = action.action === "api_request" ? textOfRequest(action.request) : "";
  const said = [label, wordsOfAddress(address), sent].filter((text) => text !== "");
  const kinds = [...new Set(said.flatMap(destructiveKinds))];
  if (kinds.length === 0) return undefined;
  const isAsked = namesOnlyWhatIsAsked(said, scope.asked);
  const isAccount = said.some((text) => accountWords.test(text)) && !isAsked;
  const words = `'${(label || wordsOfAddress(address)).slice(0, 80)}'`;
  return judgeCommit({ kinds, words, isAsked, isAccount, commits: progress.commits, rule: "scope_address" }, scope);
}

/** Judges a request of the model's own: only what a step sends that is left, and nothing secret in it. */
function judgeRequest(request: PlaybookRequest, { requests, directive }: Scope, redact: Redact): ScopeVerdict | undefined {
  const url = URL.parse(request.url);
  const isWritten = requests.some(
    ({ method, address }) => method === request.method && url !== null && address === `${url.origin}${url.pathname}`,
  );
  if (!isWritten) return deny("scope_action", "Only requests are sent that the steps which are left send: by method and path.");
  const text = textOfRequest(request);
  if (!directive.includes(text) && holdsSecret(text, redact)) return deny("scope_secret", "The request holds a secret of the run.");
  return undefined;
}

/** All that a request says besides its address, name by name. */
function textOfRequest({ query, headers, cookies, json, form }: PlaybookRequest): string {
  const all = [query, headers, cookies, json, form].filter((part) => part !== undefined);
  return all.flatMap(textsIn).join("\n");
}

function textsIn(value: unknown): string[] {
  if (typeof value === "object" && value !== null) return Object.entries(value).flatMap(([name, part]) => [name, ...textsIn(part)]);
  return value === null || value === undefined ? [] : [String(value)];
}

/** Why a credential may not be entered where the work is. */
export function whyNoCredential(scope: Scope): string {
  return hasSites(scope)
    ? "Credentials are entered only where the work begins, or where the directive says to log in."
    : "No site is named for this work, so no credential is entered anywhere: name it in the directive, startUrl or guardrails.allowedDomains.";
}

/** Whether an action enters a credential. */
export function namesCredential(action: PlaybookAction): boolean {
  return (action.action === "fill" || action.action === "key_press") && action.params.credential_ref !== undefined;
}

function addressOf(action: PlaybookAction): string | undefined {
  if (action.action === "goto" || action.action === "download") return action.params.url;
  return action.action === "api_request" ? action.request.url : undefined;
}

function typedBy(action: PlaybookAction): string | undefined {
  switch (action.action) {
    case "fill":
    case "key_press":
    case "handle_dialog":
      return action.params.text;
    case "select":
      return [action.params.value].flat().join("\n");
    default:
      return undefined;
  }
}

function holdsSecret(text: string, redact: Redact): boolean {
  return [text, decoded(text)].some((spelled) => redact(spelled) !== spelled);
}
