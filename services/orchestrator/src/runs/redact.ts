const mark = "[redacted]";

/** Shorter values would turn up in innocent text. */
const leastChars = 4;

/** Replaces every secret wherever it stands in any text of a value, however deep; also where it is written percent-encoded or as Base64. */
export function redact<T>(value: T, secrets: Iterable<string>): T {
  const needles = [...new Set([...secrets].filter((secret) => secret.length >= leastChars).flatMap(spellings))].sort(
    (a, b) => b.length - a.length,
  );
  if (needles.length === 0) return value;
  return walk(value, (text) => needles.reduce((clean, needle) => clean.replaceAll(needle, mark), text)) as T;
}

function spellings(secret: string): string[] {
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").replace(/=+$/, "")];
}

function walk(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((entry) => walk(entry, clean));
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [clean(name), walk(entry, clean)]));
}
