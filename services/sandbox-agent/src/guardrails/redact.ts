/** What a secret is replaced with. */
const mask = "[redacted]";

/** Fields with words of our own, or names others look things up by; never a place a secret comes to. */
const ownWords = new Set([
  "$case",
  "action",
  "tool",
  "actionId",
  "stepId",
  "reason",
  "code",
  "name",
  "sha256",
  "contentType",
  "screenshot",
  "resultArtifact",
  "dataArtifact",
]);

/** The shortest secret looked for inside longer texts; shorter ones are masked only where they are the whole text. */
const shortestInside = 4;

/** Masks a run's secrets in a value, as `redact` does. To be called before a text is cut: the first half of a secret is no longer found. */
export type Redact = <T>(value: T) => T;

/** Copies a value with every secret in its texts masked. Answers the value itself when there are no secrets. */
export function redact<T>(value: T, secrets: readonly string[]): T;
export function redact(value: unknown, secrets: readonly string[]): unknown {
  const known = secrets.filter((secret) => secret !== "").sort((left, right) => right.length - left.length);
  return known.length === 0 ? value : copy(value, known);
}

function copy(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") return maskIn(value, secrets);
  if (Array.isArray(value)) return value.map((item) => copy(item, secrets));
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, ownWords.has(key) ? item : copy(item, secrets)]));
}

function maskIn(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => {
    if (masked === secret) return mask;
    return secret.length < shortestInside ? masked : masked.replaceAll(secret, mask);
  }, text);
}
