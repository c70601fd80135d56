/** A line of two texts: in both, only in the first, or only in the second. */
export type DifferentLine = readonly [sign: " " | "-" | "+", line: string];

/** The most pairs of lines that are compared; longer texts count as different in all. */
const mostPairs = 4_000_000;

/** Lays two texts beside each other, with as many lines in both as can be. */
export function lineDifference(before: readonly string[], after: readonly string[]): DifferentLine[] {
  const gone = (lines: readonly string[]) => lines.map((line): DifferentLine => ["-", line]);
  const come = (lines: readonly string[]) => lines.map((line): DifferentLine => ["+", line]);
  if (before.length * after.length > mostPairs) return [...gone(before), ...come(after)];
  const width = after.length + 1;
  // How many lines are in both, from each place of both on.
  const common = new Uint32Array((before.length + 1) * width);
  const at = (one: number, other: number) => common[one * width + other] ?? 0;
  for (let one = before.length - 1; one >= 0; one--)
    for (let other = after.length - 1; other >= 0; other--)
      common[one * width + other] =
        before[one] === after[other] ? at(one + 1, other + 1) + 1 : Math.max(at(one + 1, other), at(one, other + 1));
  const lines: DifferentLine[] = [];
  let one = 0;
  let other = 0;
  while (one < before.length && other < after.length) {
    const line = before[one] ?? "";
    if (line === after[other]) {
      lines.push([" ", line]);
      one++;
      other++;
    } else if (at(one + 1, other) >= at(one, other + 1)) lines.push(["-", before[one++] ?? ""]);
    else lines.push(["+", after[other++] ?? ""]);
  }
  return [...lines, ...gone(before.slice(one)), ...come(after.slice(other))];
}
