/** What is never written otherwise by any encoding there is a use for. */
const plain = /[A-Za-z0-9._~-]/;

const namedEntities: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
const jsonEscapes: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" };

/** Shorter secrets leave too few characters of their own inside a longer Base64 text: innocent ones would match. */
const leastBase64Bytes = 8;

/**
 * Writes the regular expression that finds a secret however its characters are written, each in its own way: as they are, percent-encoded, as in a form,
 * in HTML, and in JSON, also where one of these is within another.
 */
export function patternOf(secret: string): string {
  // Backslashes in a row are one: each by itself could be found in as many ways as there are, and all together in their product.
  return (secret.match(/\\+|[^\\]/gsu) ?? [])
    .map((part) => (plain.test(part) ? RegExp.escape(part) : `(?:${[...new Set(waysToWrite(part))].join("|")})`))
    .join("");
}

/** A secret as Base64, and what is left of it inside a longer Base64 text, such as `user:password`: without the characters it shares with its neighbours. */
export function inBase64(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const inside = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    return whole.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
  const whole = bytes.toString("base64").replace(/=+$/, "");
  return [whole, ...(bytes.length < leastBase64Bytes ? [] : inside)].flatMap((text) => [
    text,
    text.replaceAll("+", "-").replaceAll("/", "_"),
  ]);
}

/** The ways to write one character, or several backslashes. */
function waysToWrite(part: string): readonly string[] {
  const char = String.fromCodePoint(part.codePointAt(0) ?? 0);
  if (char === "\\")
    return [`\\\\{${part.length},${15 * part.length}}`, `(?:%(?:25)*5[cC]){${part.length}}`, `(?:&(?:amp;)*#0*92;){${part.length}}`];
  const code = char.codePointAt(0) ?? 0;
  const entity = (body: string) => `&(?:amp;)*${body};`;
  const percent = [...Buffer.from(char)].map((byte) => `%(?:25)*${anyCase(byte.toString(16).padStart(2, "0"))}`).join("");
  const unicode = char
    .split("")
    .map((unit) => `\\\\{1,15}u${anyCase(unit.charCodeAt(0).toString(16).padStart(4, "0"))}`)
    .join("");
  return [
    // As it is, or escaped in JSON within JSON within JSON.
    `\\\\{0,15}${RegExp.escape(char)}`,
    percent,
    unicode,
    entity(`#0*${code}`),
    entity(`#[xX]0*${anyCase(code.toString(16))}`),
    ...(namedEntities[char] === undefined ? [] : [entity(namedEntities[char])]),
    ...(jsonEscapes[char] === undefined ? [] : [`\\\\{1,15}${jsonEscapes[char]}`]),
    ...(char === " " ? ["\\+"] : []),
  ];
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
