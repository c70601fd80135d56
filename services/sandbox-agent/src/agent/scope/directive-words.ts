import { allKinds, type DestructiveKind } from "../../guardrails/destructive-click.ts";
import { clausesOf } from "./clauses.ts";

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

const asksForMany = /\b(?:all|each|every|both|several|any|multiple)\b/;

/** What a directive asks for; what it says not to do does not count. */
export interface Asked {
  /** The kinds of what cannot be taken back that it asks for. */
  readonly kinds: ReadonlySet<DestructiveKind>;
  /** The stems of its words. */
  readonly stems: ReadonlySet<string>;
  /** The same of each clause that asks for what cannot be taken back, without those that name nothing. */
  readonly orders: readonly ReadonlySet<string>[];
  /** Whether it asks for more than one of something. */
  readonly many: boolean;
}

/** Reads what a directive asks for. */
export function readAsked(directive: string): Asked {
  const clauses = clausesOf(directive);
  const orders = clauses.flatMap(({ text, isReported }) => (isReported ? [] : [text]));
  const asking = orders.filter((text) => allKinds.some((kind) => asks[kind].test(text)));
  return {
    kinds: new Set(allKinds.filter((kind) => orders.some((text) => asks[kind].test(text)))),
    stems: new Set(clauses.flatMap(({ text }) => stemsOf(text))),
    orders: asking.map((text) => new Set(stemsOf(text).filter((stem) => !neutral.has(stem)))),
    many: orders.some((text) => asksForMany.test(text)),
  };
}

/** Whether something of each of these kinds is asked for. */
export function asksForAll(kinds: readonly DestructiveKind[], asked: Asked): boolean {
  return kinds.every((kind) => asked.kinds.has(kind));
}

/** Whether the labels name something, and only what is asked for. */
export function namesOnlyWhatIsAsked(labels: readonly string[], { stems }: Asked): boolean {
  return labels.length > 0 && labels.flatMap(stemsOf).every((stem) => stems.has(stem) || neutral.has(stem));
}

/** Whether labels name all that a clause names which asks for what cannot be taken back: no row needs to say which one it is. */
export function namesWhole(labels: readonly string[], { orders }: Asked): boolean {
  const named = new Set(labels.flatMap(stemsOf));
  return orders.some((order) => order.isSubsetOf(named));
}

/**
 * Whether texts name the thing that a directive gives a number or code of: all of those that a clause names which asks for what cannot be taken back. So they
 * do where no clause names any.
 */
export function namesTheAsked(texts: readonly string[], { orders }: Asked): boolean {
  const codes = orders.map((order) => [...order].filter(isCode)).filter((all) => all.length > 0);
  const named = new Set(texts.flatMap(stemsOf));
  return codes.length < orders.length || codes.length === 0 || codes.some((all) => all.every((code) => named.has(code)));
}

/** Whether texts name a number or code, and only what a directive asks for. */
export function namesOnlyAskedCodes(texts: readonly string[], { orders }: Asked): boolean {
  const named = texts.flatMap(stemsOf).filter(isCode);
  return named.length > 0 && named.every((code) => orders.some((order) => order.has(code)));
}

function isCode(word: string): boolean {
  return /\p{N}/u.test(word);
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
