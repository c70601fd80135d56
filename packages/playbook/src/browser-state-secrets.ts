/** Shorter values, such as `dark` or `en-US`, are settings that turn up in innocent text. */
const leastChars = 8;
/** Longer ones are whole documents, and no page shows them by accident. */
const mostChars = 4_096;
const mostValues = 500;

/**
 * The secrets within a browser state (Playwright's storageState as JSON): values of cookies, and texts of the storage, also within its JSON, of 8 to
 * 4,096 characters; at most 500. None where the text is no JSON.
 */
export function browserStateSecrets(text: string): string[] {
  const state = parse(text);
  const cookies = [...valuesUnder(state, "cookies", "value")];
  const stored = [...valuesUnder(state, "origins", "value")].flatMap((value) => [value, ...texts(parse(value))]);
  const long = [...cookies, ...stored].filter(({ length }) => length >= leastChars && length <= mostChars);
  return [...new Set(long)].slice(0, mostValues);
}

/** Every text called `name`, however deep under one part of a state. */
function* valuesUnder(state: unknown, part: string, name: string): Generator<string> {
  if (typeof state === "object" && state !== null) yield* named(Object.entries(state).find(([key]) => key === part)?.[1], name);
}

function* named(value: unknown, name: string): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    if (key === name && typeof entry === "string") yield entry;
    else yield* named(entry, name);
  }
}

function* texts(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const entry of Object.values(value)) yield* texts(entry);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
