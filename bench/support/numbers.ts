/** The middle one of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The number below which a share of them lies, such as 0.99; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN;
}

const wholeFormat = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Writes a number without decimals, in groups of three digits. */
export function whole(value: number): string {
  return wholeFormat.format(value);
}

/** Writes milliseconds or a ratio. */
export function fine(value: number): string {
  return value.toFixed(2);
}

/** Prints a table as docs/benchmarks.md shows it, after a line that says what was measured. */
export function printTable(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|---${"|---:".repeat(head.length - 1)}|`;
  process.stdout.write(["", caption, "", line(head), rule, ...rows.map(line), "", ""].join("\n"));
}
