/** The most bytes of text an event carries. */
export const textBytes = 4 * 1024;

const mostSummaryChars = 200;

/** Cuts a text to at most `bytes` bytes of UTF-8, never within a character. */
export function cutBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(encoded.subarray(0, end));
}

/** Makes one plain line of at most 200 characters of a text, as a summary must be. */
export function summarize(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > mostSummaryChars ? `${line.slice(0, mostSummaryChars - 1)}…` : line;
}
