/** A part of a file, from a first byte and of a length. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads a `Range` header for a file of this size.
 *
 * Answers undefined where the whole file is to be sent: no range, more than one, or one we do not understand (RFC 9110, 14.2).
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, firstText, lastText, suffixText] = match;
  if (suffixText !== undefined) {
    const length = Math.min(Number(suffixText), sizeBytes);
    return length === 0 ? "unsatisfiable" : { offset: sizeBytes - length, length };
  }
  const first = Number(firstText);
  const last = lastText === undefined ? sizeBytes - 1 : Math.min(Number(lastText), sizeBytes - 1);
  if (lastText !== undefined && Number(lastText) < first) return undefined;
  return first >= sizeBytes ? "unsatisfiable" : { offset: first, length: last - first + 1 };
}
