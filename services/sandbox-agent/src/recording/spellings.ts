/**
 * How a secret may be written in what a browser leaves behind, beside the ways that every text is searched for: escaped in HTML, encoded as a form,
 * nested in JSON, and as a part of a longer Base64 text, such as the `user:password` of Basic authentication.
 */
export function spellings(secret: string): string[] {
  const nested = (text: string) => JSON.stringify(text).slice(1, -1);
  return [
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    new URLSearchParams({ a: secret.toWellFormed() }).toString().slice(2),
    encodeURI(secret.toWellFormed()),
    encodeURIComponent(secret.toWellFormed()).replaceAll(/%../g, (code) => code.toLowerCase()),
    nested(nested(secret)),
    ...insideBase64(secret),
  ];
}

/** How secrets may be written in bytes that are no text, read as Latin-1. */
export function byteSpellings(secret: string): string[] {
  return [Buffer.from(secret).toString("latin1"), Buffer.from(secret, "utf16le").toString("latin1")];
}

/** Shorter secrets leave too few characters of their own there: innocent text would match. */
const leastBase64Bytes = 8;

/** What is left of a secret in Base64, wherever in a longer text it begins: without the characters that it shares with its neighbours. */
function insideBase64(secret: string): string[] {
  const bytes = Buffer.from(secret);
  if (bytes.length < leastBase64Bytes) return [];
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const text = whole.toString("base64").replace(/=+$/, "");
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
