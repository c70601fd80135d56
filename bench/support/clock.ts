/** Milliseconds on the clock that all processes of one machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How long a mark is. */
export const markLength = 16;

/** Writes the present moment at a fixed length, for a text that is to say when it was said. */
export function mark(): string {
  return nowMs().toFixed(3).padStart(markLength, "0");
}
