import type { RunEvent } from "./run-event.ts";

/** Where a reader stands, and what that makes of the next event. */
export interface Position {
  /** What to resume with. */
  readonly after: string;
  /** The sequence of the last event that was applied; undefined while only the service knows it. */
  readonly last: number | undefined;
}

/** The position a reader begins with: a token, a sequence, or nothing for the first event. */
export function startPosition(after: string | number | undefined): Position {
  const text = String(after ?? "");
  if (text === "") return { after: "", last: 0 };
  return { after: text, last: /^\d+$/.test(text) ? Number(text) : undefined };
}

/** What an event is to a reader at a position. A filtered reader cannot see gaps: the service leaves events out for it. */
export function admit({ last }: Position, event: RunEvent, filtered: boolean): "next" | "duplicate" | "gap" {
  if (last === undefined) return "next";
  if (event.sequence <= last) return "duplicate";
  return filtered || event.sequence === last + 1 ? "next" : "gap";
}

/** The position after an event was applied. */
export function afterEvent(event: RunEvent): Position {
  return { after: event.resumeToken, last: event.sequence };
}

/**
 * The position after the service said where the reader stands.
 *
 * It is believed only where the events themselves cannot say it: behind a filter, and before the first event after `now`. Elsewhere a
 * token ahead of what was applied would hide a loss.
 */
export function afterCheckpoint(position: Position, token: string, filtered: boolean): Position {
  return filtered || position.after === "now" ? { after: token, last: position.last } : position;
}

/** The position after the service said which sequence the reader's token has: only then can the first event after an opaque token prove that it is the next. */
export function afterHello(position: Position, sequence: number | undefined): Position {
  return position.last === undefined && sequence !== undefined ? { after: position.after, last: sequence } : position;
}
