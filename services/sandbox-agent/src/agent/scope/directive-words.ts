import type { DestructiveKind } from "../../guardrails/destructive-click.ts";
import { clausesOf } from "./goal-class.ts";

/** Verbs with which a clause asks for what cannot be taken back. */
const asks: Readonly<Record<DestructiveKind, RegExp>> = {
  delete: /^(?:\w+ly )?(?:delete|remove|destroy|erase|wipe|get rid of|clear)\b/,
  end: /^(?:\w+ly )?(?:deactivate|terminate|close|cancel|disable|end|unsubscribe)\b/,
  refund: /^(?:\w+ly )?(?:refund|chargeback|pay back|reimburse)\b/,
  transfer: /^(?:\w+ly )?(?:transfer|send|pay|wire)\b/,
  buy: /^(?:\w+ly )?(?:buy|purchase|order|pay|check ?out|book)\b/,
  send: /^(?:\w+ly )?(?:send|e-?mail|message|write|reply|notify|tell)\b/,
  publish: /^(?:\w+ly )?(?:publish|post|submit|comment|review|reply)\b/,
};

/** Words that name nothing by themselves. */
const neutral: ReadonlySet<string> = new Set(
  "a an the this that it its my your our their i you we me yes no ok okay now please to of for in on at and or with by from is are be button link click press continue confirm complete place submit want really sure permanently item items entry here".split(
    " ",
  ),
);

/** Whether a directive asks for something of each of these kinds; what it says not to do does not count. */
export function asksForAll(kinds: readonly DestructiveKind[], directive: string): boolean {
  const clauses = clausesOf(directive);
  return kinds.every((kind) => clauses.some((clause) => asks[kind].test(clause)));
}

/** Whether the labels name something, and only what the directive names too. */
export function namesOnlyWhatIsAsked(labels: readonly string[], directive: string): boolean {
  const known = new Set(clausesOf(directive).flatMap(stemsOf));
  return labels.length > 0 && labels.flatMap(stemsOf).every((stem) => known.has(stem) || neutral.has(stem));
}

/** Whether labels say yes or no without saying to what: it depends on what is around them. */
export function namesNothing(labels: readonly string[]): boolean {
  return labels.flatMap(stemsOf).every((stem) => neutral.has(stem));
}

function stemsOf(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => (neutral.has(word) ? word : stem(word)));
}

/** Takes the usual endings off a word, so that `orders` is `order` and `cancelled` is `cancel`. */
function stem(word: string): string {
  const short = word.replace(/(?:ies|ied)$/, "y").replace(/(?:ing|ed|es|s)$/, "");
  const plain = short.length < 3 ? word : short;
  return plain.replace(/([^aeiou])\1$/, "$1").replace(/e$/, "");
}
