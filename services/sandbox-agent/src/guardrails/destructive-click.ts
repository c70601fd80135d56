import type { GuardrailBlock } from "./guardrail-block.ts";

/** What a click is taken for by the words on what is clicked. */
export type ClickKind = "destructive" | "safe" | "ambiguous";

/** Words of what cannot be taken back, by what it does: losing things, money, and what others are told. */
const destructive = {
  delete: [/\b(?:delete|remove|destroy|erase|wipe)\b/i, /[🗑🚮␡]/u, /\byes\b.*\b(?:delete|remove|erase|destroy)/i],
  end: [
    /\b(?:deactivate|terminate)\b/i,
    /\b(?:close|cancel|disable)\s+(?:my\s+|your\s+|this\s+|the\s+)?(?:account|subscription|membership)\b/i,
  ],
  refund: [/\b(?:chargeback|refund)\b/i],
  transfer: [/\btransfer\b/i, /\bsend\s+(?:an?\s+|the\s+|this\s+)?(?:money|payment)\b/i],
  buy: [
    /\b(?:purchase|checkout)\b/i,
    /\bcheck\s+out\b/i,
    /\b(?:pay|buy|order)\s+now\b/i,
    /\b(?:place|submit|complete|confirm)\s+(?:my\s+|your\s+|the\s+)?(?:order|purchase|payment)\b/i,
    /\bpay\s+[$€£¥]?\s?\d/i,
  ],
  send: [/\bsend\s+(?:an?\s+|the\s+|this\s+)?(?:e-?mail|message)\b/i],
  publish: [/\bpublish\b/i, /\b(?:post|submit)\s+(?:a\s+|my\s+|your\s+|the\s+)?(?:comment|review|reply)\b/i],
} as const satisfies Readonly<Record<string, readonly RegExp[]>>;

/** What cannot be taken back, by what it does. */
export type DestructiveKind = keyof typeof destructive;

/** Each of them. */
export const allKinds: readonly DestructiveKind[] = Object.keys(destructive).filter(isKind);

/** Words that begin what only leads or looks elsewhere; without one of them a model may judge. */
const safe = [
  /^(?:nav|menu|tabs?|links?|filter|sort|search|view|show|open|expand|collapse|back|next|prev|previous|page|details?|info|settings|edit|select|choose|row|cell|column|header)\b/i,
  /^(?:cancel|close|dismiss|submit|save|apply)$/i,
  /^(?:log|sign)[ -]?in\b/i,
];

/** Names what a click would do that cannot be taken back, by the words on its target. */
export function destructiveKinds(label: string): readonly DestructiveKind[] {
  const words = plain(label);
  return allKinds.filter((kind) => destructive[kind].some((pattern) => pattern.test(words)));
}

/** Judges a click by what a person would read on its target; what only sounds safe may still be destructive, never the other way round. */
export function clickKind(label: string): ClickKind {
  if (destructiveKinds(label).length > 0) return "destructive";
  const words = plain(label);
  return safe.some((pattern) => pattern.test(words)) ? "safe" : "ambiguous";
}

/**
 * Blocks a destructive click that nobody asked for. A playbook's author asks for one with `effect: commit`, or by naming it in the step's selector or
 * description: `authorWords`. So a fallback that lands on `Delete account` is blocked where the step says `Next`. An agent has no such words.
 */
export function judgeClick(labels: readonly string[], isCommit: boolean, authorWords: readonly string[]): GuardrailBlock | undefined {
  const isDestructive = (words: string) => clickKind(words) === "destructive";
  if (isCommit || !labels.some(isDestructive) || authorWords.some(isDestructive)) return undefined;
  return {
    rule: "destructive_click",
    message: "The click would do what cannot be taken back, and the step does not say so; give it `effect: commit` if it is meant.",
  };
}

function plain(label: string): string {
  return label.replace(/[\s_]+/g, " ").trim();
}

function isKind(name: string): name is DestructiveKind {
  return Object.hasOwn(destructive, name);
}
