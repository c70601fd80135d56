import { allKinds, type DestructiveKind } from "../../guardrails/destructive-click.ts";
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

/** What a directive asks for; what it says not to do does not count. */
export interface Asked {
  /** The kinds of what cannot be taken back that it asks for. */
  readonly kinds: ReadonlySet<DestructiveKind>;
  /** The stems of its words. */
  readonly stems: ReadonlySet<string>;
}

/** Reads what a directive asks for. */
export function readAsked(directive: string): Asked {
  const clauses = clausesOf(directive);
  const kinds = allKinds.filter((kind) => clauses.some((clause) => asks[kind].test(clause)));
  return { kinds: new Set(kinds), stems: new Set(clauses.flatMap(stemsOf)) };
}

/** Whether something of each of these kinds is asked for. */
export function asksForAll(kinds: readonly DestructiveKind[], asked: Asked): boolean {
  return kinds.every((kind) => asked.kinds.has(kind));
}

/** Whether the labels name something, and only what is asked for. */
export function namesOnlyWhatIsAsked(labels: readonly string[], { stems }: Asked): boolean {
  return labels.length > 0 && labels.flatMap(stemsOf).every((stem) => stems.has(stem) || neutral.has(stem));
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
