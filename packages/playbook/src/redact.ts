import { maskCut } from "./cut-secrets.ts";
import { inBase64, patternOf } from "./spellings.ts";

const usualMark = "[redacted]";
/** No longer than what it stands for, in characters and in bytes. */
const briefMark = "█";

/** The shortest secret looked for inside longer texts: shorter ones would turn up in innocent text, and are masked where they are all of it. */
const leastChars = 4;

/** Fields of a message that say which, not what: names, words of a fixed list and ids. Any other text is free. */
const structural: ReadonlySet<string> = new Set([
  "$case",
  "type",
  "state",
  "kind",
  "code",
  "reason",
  "cause",
  "signal",
  "severity",
  "rule",
  "purpose",
  "model",
  "decision",
  "effect",
  "isolation",
  "tool",
  "action",
  "actionId",
  "stepId",
  "inputId",
  "name",
  "sha256",
  "contentType",
  "resultArtifact",
  "dataArtifact",
  "screenshot",
]);

/** Fields that hold what the sandbox likes, under keys of its own: all text in them is free. */
const containers: ReadonlySet<string> = new Set(["data", "details", "facts"]);

/**
 * Replaces every secret in the free text of a value, however deep, and in the keys of free data; what gives a message its structure stays:
 * its own keys, and fields such as `$case`, `action` and an artifact's `name`. To be called before a text is cut: half a secret is no longer found.
 */
export type Redact = <T>(value: T) => T;

/**
 * Makes what replaces these secrets, also where they are written percent-encoded, as Base64, in HTML or within JSON, and where others cut it. Without secrets it answers values as they are.
 *
 * @param marks `brief` ones never make a value longer.
 */
export function createRedact(secrets: Iterable<string>, marks: "usual" | "brief" = "usual"): Redact {
  const known = [...new Set(secrets)].filter((secret) => secret !== "");
  if (known.length === 0) return (value) => value;
  const short = new Set(known.filter((secret) => secret.length < leastChars));
  const long = known.filter((secret) => !short.has(secret)).sort((a, b) => b.length - a.length);
  const encoded = [...new Set(long.flatMap(inBase64))].sort((a, b) => b.length - a.length);
  const mark = pickMark([...long, ...encoded], marks === "brief" ? briefMark : usualMark);
  // One pass, so that no secret is looked for in a mark; one that nothing matches where there are only short ones.
  const anyNeedle = new RegExp([...long.map(patternOf), ...encoded.map((text) => RegExp.escape(text))].join("|") || "(?!)", "g");
  const shortMark = marks === "brief" ? "" : mark;
  const clean = (text: string) => (short.has(text) ? shortMark : maskCut(text.replace(anyNeedle, mark), long, mark));
  return (value) => walk(value, clean, false) as typeof value;
}

/** A mark that no secret can overlap, or the text around it would spell that secret again. */
function pickMark(needles: readonly string[], wanted: string): string {
  if (!needles.some((needle) => /[[\]█]/.test(needle) || wanted.includes(needle))) return wanted;
  let block = briefMark.charCodeAt(0);
  while (needles.some((needle) => needle.includes(String.fromCharCode(block)))) block++;
  return String.fromCharCode(block);
}

function walk(value: unknown, clean: (text: string) => string, free: boolean): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((entry) => walk(entry, clean, free));
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      free ? clean(name) : name,
      !free && typeof entry === "string" && structural.has(name) ? entry : walk(entry, clean, free || containers.has(name)),
    ]),
  );
}
