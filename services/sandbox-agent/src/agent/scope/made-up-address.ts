import type { GuardrailBlock } from "../../guardrails/guardrail-block.ts";
import { decoded } from "./decoded.ts";
import { hasSites, type Scope } from "./scope.ts";
import type { ScopeProgress } from "./scope-verdict.ts";

/** How many characters, beyond the directive's own words, an address may hold that no page showed, and all such addresses of a run. */
export const madeUpLimits = { addressChars: 64, runChars: 512 } as const;

/** What addresses hold that says nothing. */
const usual: ReadonlySet<string> = new Set(
  "http https www com org net edu html htm php index search wiki query lang home page about contact news docs help en".split(" "),
);

/**
 * Judges an address that no page showed as a link. Where the work is bound to no site, it may hold little but the directive's words, since what a model
 * knows could leave by it.
 */
export function judgeMadeUpAddress(address: string, scope: Scope, progress: ScopeProgress): GuardrailBlock | undefined {
  const { directive } = scope;
  if (hasSites(scope) || progress.labelOf(address) !== undefined) return undefined;
  const chars = madeUpChars(address, directive);
  if (chars <= madeUpLimits.addressChars && progress.madeUpChars + chars <= madeUpLimits.runChars) return undefined;
  return {
    rule: "scope_address",
    message: "The address was on no page, and holds more than the directive's own words: open a link instead, or a shorter address.",
  };
}

/** The words of an address after its host, as labels have theirs. */
export function wordsOfAddress(address: string | undefined): string {
  const url = address === undefined ? null : URL.parse(address);
  return url === null ? "" : wordsOf(decoded(`${url.pathname} ${url.search} ${url.hash}`)).join(" ");
}

/** Counts the characters of an address that are not of the directive's words. */
export function madeUpChars(address: string, directive: string): number {
  const known = new Set(wordsOf(directive));
  return wordsOf(decoded(address))
    .filter((word) => !known.has(word) && !usual.has(word))
    .reduce((sum, word) => sum + word.length, 0);
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
