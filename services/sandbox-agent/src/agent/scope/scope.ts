import { matchesDomain } from "@clew/egress/domain-glob";
import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import type { GuardrailBlock } from "../../guardrails/guardrail-block.ts";
import { isOfSameSite } from "../../guardrails/same-site.ts";
import { type Asked, readAsked } from "./directive-words.ts";
import type { GoalClass } from "./goal-class.ts";
import { loginSites, namedSites } from "./named-sites.ts";

/** The name of an action, which is the name of the tool a model calls. */
export type ActionName = PlaybookAction["action"];

/** What of a page is shown, and may be acted on. */
export interface Visibility {
  /** Fields, and what sends a form: all, those that search a site of the work, or none. */
  readonly forms: "all" | "search" | "none";
  /** Controls that do what cannot be taken back. */
  readonly destructive: boolean;
  /** What signs out and leads to one's account and settings. */
  readonly account: boolean;
}

/** What a run's directive allows. Made before any page is seen; nothing a page or a model says changes it. */
export interface Scope {
  readonly goal: GoalClass;
  /** The directive, or what stands for it in a recovery. */
  readonly directive: string;
  /** What it asks for. */
  readonly asked: Asked;
  /** The actions a model is offered and may do. */
  readonly actions: ReadonlySet<ActionName>;
  /** Where the work belongs: addresses whose sites were named, and globs of the allowed domains. Anywhere where both are empty. */
  readonly sites: readonly string[];
  readonly domains: readonly string[];
  /** Where credentials may be entered, where no domains say so: what the caller names, and where the directive says to log in. */
  readonly trusted: readonly string[];
  /** The requests that may be sent: their methods, and their addresses without a query. */
  readonly requests: readonly { readonly method: string; readonly address: string }[];
  readonly visibility: Visibility;
  /** How often it may do what cannot be taken back, where the directive asks for that. */
  readonly mostCommits: number;
  /** Whether a model judges what the rules leave open. */
  readonly hasValidator: boolean;
}

/** What a scope is made of. */
export interface ScopeInput {
  readonly directive: string;
  readonly goal: GoalClass;
  /** Addresses that the caller or an author gives: sites of the work. */
  readonly named?: readonly string[];
  /** Where a session stands that the work goes on in: a site of the work, where nobody who may says that credentials go. */
  readonly begun?: string | undefined;
  /** The requests that an author's steps send; no others are sent. */
  readonly requests?: Scope["requests"];
  /** Actions that the work is known to take, besides those of its class: of steps that an author wrote. */
  readonly needs?: readonly ActionName[] | undefined;
  /** How often an author's steps may do what cannot be taken back; once unless given. */
  readonly mostCommits?: number;
  readonly settings: Pick<GuardrailSettings, "allowedDomains" | "enableLlmActionCheck">;
}

const looking = ["goto", "go_back", "click", "scroll", "wait_for", "get_dom", "screenshot", "switch_tab", "close_tab"] as const;
const reading = [...looking, "reload", "hover", "extract", "fill", "press", "select"] as const;
const acting = [...reading, "key_press", "check", "drag", "handle_dialog"] as const;

/** What each class of goal does; `evaluate` and `api_request` are of no class, files only of those that ask for them. */
const actionsOf: Readonly<Record<GoalClass, readonly ActionName[]>> = {
  navigate: looking,
  read: reading,
  interact: acting,
  fill_form: acting,
};

/** Actions that only an author's steps bring in. */
const needable: ReadonlySet<string> = new Set(["download", "upload", "api_request"]);

const visibilityOf: Readonly<Record<GoalClass, Visibility>> = {
  navigate: { forms: "none", destructive: false, account: false },
  read: { forms: "search", destructive: false, account: false },
  interact: { forms: "all", destructive: true, account: false },
  fill_form: { forms: "all", destructive: true, account: true },
};

const asksForDownload =
  /\b(?:download|export|save|fetch|get)\b.*\b(?:files?|pdf|csv|xlsx?|invoices?|reports?|documents?|spreadsheet|attachments?|receipts?|statements?)\b|\bdownload/i;
const asksForUpload = /\b(?:upload|attach|import)\b/i;

/** How often something that cannot be taken back is done where the directive asks for more than one. */
const manyCommits = 20;

/** Decides what a directive allows. */
export function scopeOf({ directive, goal, named = [], begun, requests = [], needs = [], mostCommits = 1, settings }: ScopeInput): Scope {
  const acts = goal === "interact" || goal === "fill_form";
  const files: readonly ActionName[] = [
    ...(asksForDownload.test(directive) ? (["download"] as const) : []),
    ...(acts && asksForUpload.test(directive) ? (["upload"] as const) : []),
  ];
  const domains = settings.allowedDomains;
  const asked = readAsked(directive);
  return {
    goal,
    directive,
    asked,
    actions: new Set([...actionsOf[goal], ...files, ...needs.filter((action) => needable.has(action))]),
    sites: domains.length > 0 ? [] : [...new Set([...named, ...(begun === undefined ? [] : [begun]), ...namedSites(directive)])],
    domains,
    trusted: domains.length > 0 ? [] : [...named, ...loginSites(directive, named.length > 0)],
    requests,
    visibility: visibilityOf[goal],
    mostCommits: Math.max(asked.many ? manyCommits : 1, mostCommits),
    hasValidator: settings.enableLlmActionCheck,
  };
}

/** Whether a scope is bound to sites at all. */
export function hasSites({ sites, domains }: Scope): boolean {
  return sites.length > 0 || domains.length > 0;
}

/** Whether an address is one of those a scope is bound to; none is where it is bound to none. */
export function isWithin(address: string, { sites, domains }: Scope): boolean {
  const url = URL.parse(address);
  return url !== null && (matchesDomain(url.hostname, domains) || isOfAny(url, sites));
}

/** Whether a credential may be entered at an address. */
export function mayHoldCredential(address: string, { trusted, domains }: Scope): boolean {
  const url = URL.parse(address);
  return url !== null && (matchesDomain(url.hostname, domains) || isOfAny(url, trusted));
}

function isOfAny(url: URL, sites: readonly string[]): boolean {
  return sites.some((site) => {
    const named = URL.parse(site);
    return named !== null && isOfSameSite(url, named);
  });
}

/** Judges a page that shows: as where one may lead, but an empty page and the browser's own word that there is none are nobody's. */
export function judgePage(address: string, scope: Scope): GuardrailBlock | undefined {
  return /^(?:about:|chrome-error:|$)/.test(address) ? undefined : judgeScope(address, scope);
}

/** Judges where a page may lead, whatever leads there: for the run's `Guard`. */
export function judgeScope(address: string, scope: Scope): GuardrailBlock | undefined {
  if (!hasSites(scope) || isWithin(address, scope)) return undefined;
  const host = URL.parse(address)?.host ?? "";
  return {
    rule: "scope_site",
    message: `${host} is no site of this work: the directive, startUrl and guardrails.allowedDomains name those that are.`,
  };
}
