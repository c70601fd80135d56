/** What one look found. */
export interface Finding {
  /** What was looked at. */
  readonly name: string;
  /** `ok`; `note` where nothing is wrong but something is not running; `bad` where Clew will not work. */
  readonly level: "ok" | "note" | "bad";
  /** What was found. */
  readonly message: string;
  /** What to do; absent when ok. */
  readonly fix?: string;
}

/** Formats a finding as one line with its fix. */
export function formatFinding({ name, level, message, fix }: Finding): string {
  const mark = { ok: "ok  ", note: "note", bad: "BAD " }[level];
  return `${mark}  ${name.padEnd(12)}  ${message}${fix === undefined ? "" : ` → ${fix}`}`;
}
