import type { Redact } from "@clew/playbook/redact";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import { effectOf } from "@clew/playbook/step-effect";
import { decoded } from "./decoded.ts";
import { judgeMadeUpAddress } from "./made-up-address.ts";
import { hasSites, isWithin, judgeScope, type Scope } from "./scope.ts";
import { allow, deny, type PageFacts, type ScopeProgress, type ScopeVerdict } from "./scope-verdict.ts";

/** What judging needs besides the action. */
export interface BeforeInput {
  readonly scope: Scope;
  readonly page: PageFacts;
  readonly progress: ScopeProgress;
  /** Masks the run's secrets: what it changes holds one. */
  readonly redact: Redact;
}

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
  const typed = typedBy(action);
  // What the directive says itself is no secret of it, though a secret may be spelled the same.
  if (typed !== undefined && !scope.directive.includes(typed) && holdsSecret(typed, redact))
    return deny("scope_secret", "The text holds a secret of the run: name the credential with credential_ref.");
  if (namesCredential(action) && !isWithin(page.url, scope)) return deny("scope_credential", whyNoCredential(scope));
  if (action.action === "handle_dialog" && action.params.accept && action.params.text !== undefined && !isWithin(page.url, scope))
    return deny("scope_form", "A question of a page that is no site of this work is answered with no text.");
  return allow(effectOf({ ...action, description: "", on_failure: "abort", failure_message: "" }));
}

/** Why a credential may not be entered where the work is. */
export function whyNoCredential(scope: Scope): string {
  return hasSites(scope)
    ? "Credentials are entered only on the sites of this work."
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
