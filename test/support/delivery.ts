import { parsePosition } from "@clew/journal-format/resume-token";
import type { Told } from "./told.ts";

/** What one connection told a reader, from the position he gave. */
export interface Connection {
  /** The token he resumed with; empty for the beginning. */
  readonly after: string;
  readonly told: Told[];
}

/** All that a reader of one run was told, over all his connections. */
export interface Delivery {
  /** Who read, and through which door. */
  readonly reader: string;
  readonly runId: string;
  /** Only these types; empty: all. */
  readonly types: readonly string[];
  readonly connections: Connection[];
  /** Whether he was told that this is all; otherwise why he gave up. */
  outcome: "reading" | "ended" | { readonly gaveUp: string };
}

/** An event as a direct reader finds it when all is over. */
export interface KnownEvent {
  readonly sequence: number;
  readonly token: string;
  readonly type: string;
  readonly attempt: number;
  readonly json: string;
}

/** Reads the JSON of a run's events, in order, as known. */
export function knownEvents(lines: readonly string[]): readonly KnownEvent[] {
  return lines.map((json) => {
    const { sequence, resumeToken: token, type, attempt } = JSON.parse(json);
    return { sequence, token, type, attempt, json };
  });
}

/** Finds what is wrong with a run's record itself; empty where nothing is. */
export function checkRecord(events: readonly KnownEvent[]): readonly string[] {
  const problems: string[] = [];
  events.forEach(({ sequence, attempt }, index) => {
    if (sequence !== index + 1) problems.push(`P3 event ${index + 1} of the record is numbered ${sequence}`);
    if (attempt < (events[index - 1]?.attempt ?? 0)) problems.push(`P11 event ${sequence} is of attempt ${attempt}, which was over`);
  });
  const ends = events.filter(({ type }) => type === "runFinished");
  if (ends.length !== 1 || events.at(-1)?.type !== "runFinished")
    problems.push(`P10 the record has ${ends.length} ends, and its last event is ${events.at(-1)?.type}`);
  return problems;
}

/**
 * Compares what a reader was told with the run's record; empty where all is as PROTOCOL.md promises: each event once, in order, the same
 * bytes as everybody's, on every connection exactly what follows the token he resumed with, and an end only with all of it.
 */
export function checkDelivery(delivery: Delivery, record: readonly KnownEvent[]): readonly string[] {
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`${delivery.reader} of ${delivery.runId}: ${problem}`);
  const byToken = new Map(record.map(({ token, sequence }) => [token, sequence]));
  const sequenceOf = (token: string) => byToken.get(token) ?? (isBeginning(token, delivery.runId) ? 0 : undefined);
  const wanted = ({ type }: KnownEvent) => delivery.types.length === 0 || delivery.types.includes(type);
  const nextAfter = (position: number) => record.find((event) => event.sequence > position && wanted(event));
  let position = 0;
  for (const { after, told } of delivery.connections) {
    const from = sequenceOf(after);
    if (from === undefined) say(`P5 resumed with a token that the record does not have: ${after}`);
    else if (from !== position) say(`P5 resumed after ${from}, having everything up to ${position}`);
    for (const one of told) {
      if (one.kind === "event") {
        const next = nextAfter(position);
        if (one.sequence <= position) say(`P2 got event ${one.sequence} again, having ${position}`);
        else if (one.sequence !== next?.sequence) say(`P3 got event ${one.sequence} after ${position}, not ${next?.sequence}`);
        const known = record[one.sequence - 1];
        if (known !== undefined && known.json !== one.json) say(`P9 got another event ${one.sequence} than the record has`);
        if (known !== undefined && known.token !== one.token) say(`P9 got another token of event ${one.sequence} than the record has`);
        position = Math.max(position, one.sequence);
      } else if (one.kind === "hello" || one.kind === "checkpoint") {
        position = bookmark(one.token, position);
      } else if (one.kind === "reset") {
        say(`P5 was reset: ${one.reason}`);
      } else if (one.kind === "end") {
        const last = record.length;
        if (one.lastSequence !== undefined && one.lastSequence !== last) say(`P10 was told the end at ${one.lastSequence}, not at ${last}`);
        const missed = nextAfter(position);
        if (missed !== undefined) say(`P10 was told the end without event ${missed.sequence}`);
      } else if (one.kind === "nothing" && position !== record.length) {
        say(`P10 was told that there is nothing more at ${position} of ${record.length}`);
      }
    }
  }
  // Clients that reconnect by themselves tell no end: that they stopped is their word that this is all.
  const missed = delivery.outcome === "ended" ? nextAfter(position) : undefined;
  if (missed !== undefined) say(`P10 ended without event ${missed.sequence}`);
  if (delivery.outcome !== "ended")
    say(
      `P12 never reached the end: ${delivery.outcome === "reading" ? "out of time" : delivery.outcome.gaveUp}, having ${position} of ${record.length}`,
    );
  return problems;

  /** A position without an event: it may pass over events that are not wanted, and over nothing else. */
  function bookmark(token: string, now: number): number {
    const at = sequenceOf(token);
    if (at === undefined) say(`P6 was given a position that the record does not have: ${token}`);
    if (at === undefined || at <= now) return now;
    const missed = nextAfter(now);
    if (missed !== undefined && missed.sequence <= at) say(`P6 was moved to ${at} without event ${missed.sequence}`);
    return at;
  }
}

/** Whether a position is that before the first event: no event has its token. */
function isBeginning(token: string, runId: string): boolean {
  if (token === "") return true;
  const parsed = parsePosition(token, runId);
  return parsed.kind === "token" && parsed.sequence === 0;
}
