const usualMark = "[redacted]";

/** Shorter values would turn up in innocent text. */
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
 * Replaces every secret wherever it stands in the free text of an event, however deep; also where it is written
 * percent-encoded, as Base64 or within JSON. What gives a message its structure stays: keys, and fields such as
 * `$case`, `action` and an artifact's `name`.
 */
export function redact<T>(value: T, secrets: Iterable<string>): T {
  const needles = [...new Set([...secrets].filter((secret) => secret.length >= leastChars).flatMap(spellings))].sort(
    (a, b) => b.length - a.length,
  );
  if (needles.length === 0) return value;
  const mark = pickMark(needles);
  // One pass, so that no secret is looked for in a mark.
  const anyNeedle = new RegExp(needles.map((needle) => RegExp.escape(needle)).join("|"), "g");
  return walk(value, (text) => text.replace(anyNeedle, mark), false) as T;
}

function spellings(secret: string): string[] {
  const percent = encodeURIComponent(secret.toWellFormed());
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, percent, percent.replaceAll("%20", "+"), base64, base64.replaceAll("+", "-").replaceAll("/", "_"), inJson];
}

/** A mark that no secret can overlap, or the text around it would spell that secret again. */
function pickMark(needles: readonly string[]): string {
  if (!needles.some((needle) => /[[\]]/.test(needle) || usualMark.includes(needle))) return usualMark;
  let block = 0x2588;
  while (needles.some((needle) => needle.includes(String.fromCharCode(block)))) block++;
  return String.fromCharCode(block);
}

function walk(value: unknown, clean: (text: string) => string, free: boolean): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((entry) => walk(entry, clean, free));
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      !free && typeof entry === "string" && structural.has(name) ? entry : walk(entry, clean, free || containers.has(name)),
    ]),
  );
}
