import { Fault } from "@clew/fault/fault";
import type { Redact } from "@clew/playbook/redact";
import { errors } from "playwright";

/** Makes a Fault of what Playwright threw. Its call logs, which may hold what was typed, are left out, and secrets are masked. */
export function playwrightFault(thrown: unknown, action: string, timeoutMs: number, redact: Redact): Fault {
  if (thrown instanceof Fault) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof errors.TimeoutError) {
    return new Fault("ACTION_TIMED_OUT", { message: `${action} timed out after ${timeoutMs / 1_000} s.${hindrance(text)}`, cause: thrown });
  }
  const net = /net::(ERR_[A-Z_]+)/.exec(text)?.[1];
  if (net !== undefined) return new Fault("NAVIGATION_FAILED", { message: `The page could not be opened (${net}).`, cause: thrown });
  if (text.includes("strict mode violation")) return new Fault("SELECTOR_AMBIGUOUS", { cause: thrown });
  if (isTargetGone(thrown)) {
    return new Fault("ACTION_FAILED", { message: `${action} failed: the page closed meanwhile.`, cause: thrown });
  }
  return new Fault("ACTION_FAILED", { message: `${action} failed: ${firstSentence(redact(text))}`, cause: thrown });
}

/** Why Playwright did not act in time, where its log says so in words of its own. */
function hindrance(text: string): string {
  if (text.includes("intercepts pointer events")) return " Another element covers it.";
  if (text.includes("element is not enabled")) return " The element is not enabled.";
  if (text.includes("element is not visible")) return " The element is not visible.";
  if (text.includes("did not find some options")) return " The list has no such option.";
  return "";
}

function firstSentence(text: string): string {
  const line = (text.split("\n", 1)[0] ?? "").replace(/^\w+\.\w+: (?:Error: )?/, "").slice(0, 200);
  return line === "" ? "the browser refused." : line;
}

/** Whether the page, or the whole browser, went away under an action. */
export function isTargetGone(thrown: unknown): boolean {
  return thrown instanceof Error && /Target (?:page, context or browser|crashed|closed)|has been closed|Page crashed/.test(thrown.message);
}
