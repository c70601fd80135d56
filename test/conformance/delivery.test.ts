import { formatResumeToken } from "@clew/journal-format/resume-token";
import { describe, expect, it } from "vitest";
import { checkDelivery, checkRecord, type Delivery, type KnownEvent } from "../support/delivery.ts";
import type { Told } from "../support/told.ts";

const runId = `run-${"0".repeat(32)}`;
const tokenOf = (sequence: number) => formatResumeToken({ runId, epoch: 1, sequence, chain: new Uint8Array(8), offset: 64 });
const record: readonly KnownEvent[] = [1, 2, 3, 4].map((sequence) => ({
  sequence,
  token: tokenOf(sequence),
  type: sequence === 4 ? "runFinished" : "stepStarted",
  attempt: 1,
  json: JSON.stringify({ sequence }),
}));
const told = (sequence: number): Told => ({
  kind: "event",
  token: tokenOf(sequence),
  sequence,
  type: record[sequence - 1]?.type ?? "",
  json: JSON.stringify({ sequence }),
});
const end: Told = { kind: "end", token: tokenOf(4), lastSequence: 4 };
const read = (...connections: (readonly [after: string, ...Told[]])[]): Delivery => ({
  reader: "a reader",
  runId,
  types: [],
  connections: connections.map(([after, ...rest]) => ({ after, told: rest })),
  outcome: "ended",
});

describe("what a reader was told", () => {
  it.each<[string, Delivery]>([
    ["all at once", read(["", told(1), told(2), told(3), told(4), end])],
    ["over a cut", read(["", { kind: "hello", token: tokenOf(0) }, told(1), told(2)], [tokenOf(2), told(3), told(4), end])],
    ["with a cut before anything came", read([""], [tokenOf(0), told(1), told(2), told(3), told(4)], [tokenOf(4), { kind: "nothing" }])],
    [
      "of some types, past the others",
      { ...read(["", { kind: "checkpoint", token: tokenOf(3) }], [tokenOf(3), told(4), end]), types: ["runFinished"] },
    ],
  ])("is in order %s", (_, delivery) => {
    expect(checkDelivery(delivery, record)).toEqual([]);
  });

  it.each<[string, property: string, Delivery]>([
    ["an event is told twice", "P2", read(["", told(1), told(2)], [tokenOf(2), told(2), told(3), told(4), end])],
    ["an event is left out", "P3", read(["", told(1), told(3), told(4), end])],
    ["two events change places", "P3", read(["", told(2), told(1), told(3), told(4), end])],
    ["he resumes with what he was not told", "P5", read(["", told(1)], [tokenOf(2), told(3), told(4), end])],
    [
      "he is given a position past what he was not told",
      "P6",
      read(["", told(1), { kind: "checkpoint", token: tokenOf(3) }], [tokenOf(3), told(4), end]),
    ],
    [
      "he is given a position of another history",
      "P6",
      read(["", { kind: "hello", token: `${tokenOf(2)}A`.slice(0, 38) }, told(1), told(2), told(3), told(4), end]),
    ],
    ["another event is told him than others", "P9", read(["", told(1), { ...told(2), json: "{}" } as Told, told(3), told(4), end])],
    ["he is told the end without all of it", "P10", read(["", told(1), told(2), end])],
    ["he stops without all of it, whoever told him to", "P10", read(["", told(1), told(2)])],
    ["he polls for the last event, and stops without it", "P10", { ...read([""]), types: ["runFinished"] }],
    ["he is told that there is nothing more without all of it", "P10", read(["", told(1), { kind: "nothing" }])],
    ["the end is another's", "P10", read(["", told(1), told(2), told(3), told(4), { ...end, lastSequence: 3 } as Told])],
    ["he is reset", "P5", read(["", told(1), { kind: "reset", token: tokenOf(1), reason: "EXPIRED" }, told(2), told(3), told(4), end])],
    ["he never hears the end", "P12", { ...read(["", told(1), told(2), told(3), told(4)]), outcome: "reading" }],
  ])("is not when %s", (_, property, delivery) => {
    expect(checkDelivery(delivery, record)).toEqual([expect.stringContaining(property), ...checkDelivery(delivery, record).slice(1)]);
  });
});

describe("a record", () => {
  it.each<[string, string, readonly KnownEvent[]]>([
    ["leaves a number out", "P3", record.filter(({ sequence }) => sequence !== 2)],
    ["goes back to an attempt that was over", "P11", record.map((event) => ({ ...event, attempt: event.sequence === 2 ? 2 : 1 }))],
    ["has no end", "P10", record.slice(0, 3)],
  ])("is not in order when it %s", (_, property, events) => {
    expect(checkRecord(events).join("\n")).toContain(property);
  });

  it("is in order when it is whole", () => {
    expect(checkRecord(record)).toEqual([]);
  });
});
