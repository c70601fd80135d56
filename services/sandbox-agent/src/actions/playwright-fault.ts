import { stripVTControlCharacters } from "node:util";
import { Fault } from "@clew/fault/fault";
import type { Redact } from "@clew/playbook/redact";
import { errors } from "playwright";
import { cut } from "./cut.ts";

/** The most characters that are shown of what the browser says. */
const saidChars = 200;

/**
 * Makes a Fault of what Playwright threw. Its call logs, which may hold what was typed, are left out, and secrets are masked.
 *
 * @param address The page it happened on, fit to be shown.
 */
export function playwrightFault(thrown: unknown, action: string, timeoutMs: number, redact: Redact, address?: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const where = address === undefined ? "" : ` (on ${address})`;
  const fault = (reason: ConstructorParameters<typeof Fault>[0], message: string) => new Fault(reason, { message, cause: thrown });
  if (thrown instanceof errors.TimeoutError)
    return fault("ACTION_TIMED_OUT", `${action} timed out after ${timeoutMs / 1_000} s${where}.${hindrance(text, redact) || moreTime}`);
  const net = /net::(ERR_[A-Z_]+)/.exec(text)?.[1];
  if (net !== undefined) return fault("NAVIGATION_FAILED", `The page could not be opened (${net})${where}.`);
  if (text.includes("strict mode violation"))
    return fault("SELECTOR_AMBIGUOUS", `${action} failed: by now several elements match${where}.`);
  if (isTargetGone(thrown)) return fault("ACTION_FAILED", `${action} failed: the page closed meanwhile.`);
  return fault("ACTION_FAILED", `${action} failed${where}: ${firstSentence(redact(text))}`);
}

const moreTime = " If it only needs longer, give the step more in params.timeout_ms.";

/** Why Playwright did not act in time, where its log says so. Of the page it shows one opening tag. */
function hindrance(text: string, redact: Redact): string {
  const cover = /(<[^>]*>)(?:(?!\n).)* intercepts pointer events/.exec(redact(text))?.[1];
  if (cover !== undefined) return ` Another element covers it: ${cut(cover, 100)}`;
  if (text.includes("did not find some options")) return " Its options became others meanwhile.";
  if (text.includes("element is not enabled")) return " The element is disabled.";
  if (text.includes("element is not editable")) return " The element is read-only.";
  if (text.includes("element is not visible")) return " The element is hidden.";
  if (text.includes("element is not stable")) return " The element keeps moving.";
  if (text.includes("element is outside of the viewport")) return " The element lies outside of the page.";
  return "";
}

function firstSentence(text: string): string {
  const line = cut((text.split("\n", 1)[0] ?? "").replace(/^\w+\.\w+: (?:Error: )?/, ""), saidChars);
  return line === "" ? "the browser refused." : line;
}

/** Whether what was looked for is no selector at all. */
export function isInvalidSelector(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /while parsing|Unknown engine|InvalidSelectorError|Malformed selector|not a valid selector|not a valid XPath/.test(thrown.message)
  );
}

/** Whether an element was waited for in vain to be fit for a click, and nothing was clicked: Playwright's log has a line for each click before it is done. */
export function isKeptOff(thrown: unknown): boolean {
  if (!(thrown instanceof errors.TimeoutError)) return false;
  const log = stripVTControlCharacters(thrown.message);
  const has = (what: string) => new RegExp(`^\\s*(?:- |\\d+ × )*${what} click action$`, "m").test(log);
  return has("attempting") && !has("performing");
}

/** Whether the page, or the whole browser, went away under an action. */
export function isTargetGone(thrown: unknown): boolean {
  return thrown instanceof Error && /Target (?:page, context or browser|crashed|closed)|has been closed|Page crashed/.test(thrown.message);
}
