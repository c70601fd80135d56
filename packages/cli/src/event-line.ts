import type { RunEvent } from "@clew/client";
import { printable } from "./printable.ts";

/** What of an event its line shows. */
export type EventLineParts = Pick<RunEvent, "sequence" | "time" | "summary" | "type">;

/**
 * Formats an event as one line: its sequence, the seconds since `since` (such as the run's `createTime`), and what happened, as in
 * `   7  +1.2 s  Clicked button 'Cancel order'`. Control characters, which a page could have smuggled into a summary, are left out.
 */
export function formatEventLine({ sequence, time, summary, type }: EventLineParts, since: string | Date): string {
  const seconds = (Date.parse(time) - new Date(since).getTime()) / 1000;
  const elapsed = `+${Math.max(0, seconds).toFixed(1)} s`;
  return `${String(sequence).padStart(4)}  ${elapsed.padStart(7)}  ${printable(summary) || type}`;
}
