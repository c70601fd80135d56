import { expect, it } from "vitest";
import type { Happening, History, LoggedRecord } from "../history.ts";
import { checkHistory } from "./check-history.ts";

const runId = `run-${"0123456789abcdef".repeat(2)}`;

/** A history in which nothing is wrong: a run of five records, and a reader whose first connection is cut after two of them. */
function sound(): History {
  const record = (sequence: number, type: string, more: Partial<LoggedRecord> = {}): LoggedRecord => ({
    sequence,
    attempt: 1,
    producer: 0,
    producerSequence: 0,
    durable: sequence - 1,
    type,
    token: `${sequence}`,
    timeMs: sequence,
    actionId: undefined,
    outcome: undefined,
    ...more,
  });
  const records = [
    record(1, "runCreated", { attempt: 0 }),
    record(2, "attemptStarted", { durable: 0 }),
    record(3, "actionStarted", { producer: 1, producerSequence: 1, actionId: "a1" }),
    record(4, "outcomePublished", { producer: 1, producerSequence: 2, outcome: { state: "COMPLETED", reason: "" } }),
    record(5, "runFinished"),
  ];
  const reader = "reader 0";
  const applied = ({ sequence, token, type }: LoggedRecord): Happening => ({ kind: "applied", reader, sequence, token, type });
  const frame = (connection: number, seen: Extract<Happening, { kind: "frame" }>["frame"]): Happening => ({
    kind: "frame",
    reader,
    connection,
    frame: seen,
  });
  const happenings: Happening[] = [
    { kind: "created", run: 0, runId },
    { kind: "opened", reader, connection: 1, after: "" },
    frame(1, { kind: "hello", sequence: 0 }),
    { kind: "served", runId, sequence: 1, durable: true },
    frame(1, { kind: "events", sequences: [1, 2] }),
    ...records.slice(0, 2).map(applied),
    { kind: "effect", runId, attempt: 1, actionId: "a1" },
    { kind: "acknowledged", runId, attempt: 1, producer: 1, through: 2 },
    { kind: "opened", reader, connection: 2, after: "2" },
    frame(2, { kind: "hello", sequence: 2 }),
    frame(2, { kind: "events", sequences: [3, 4, 5] }),
    ...records.slice(2).map(applied),
    frame(2, { kind: "end", lastSequence: 5 }),
    { kind: "finished", reader },
  ];
  return {
    seed: 1,
    happenings: happenings.map((happening) => ({ ...happening, atMs: 0 })),
    readers: [{ name: reader, run: 0, types: [], fromNow: false }],
    runs: [{ atMs: 0, steps: [], ending: "completed", stop: undefined, timeoutSeconds: 60 }],
    logs: [{ runId, records }],
    ended: "all finished",
    leftovers: [],
    picks: 1,
    virtualMs: 1,
  };
}

/** What happened, with one kind of thing told otherwise; undefined leaves it out. */
function told<K extends Happening["kind"]>(kind: K, how: (said: Extract<Happening, { kind: K }>) => Happening[]): History {
  const history = sound();
  const isOfKind = (happening: Happening): happening is Extract<Happening, { kind: K }> => happening.kind === kind;
  const happenings = history.happenings.flatMap((happening) =>
    isOfKind(happening) ? how(happening).map((each) => ({ ...each, atMs: 0 })) : [happening],
  );
  return { ...history, happenings };
}

/** The journal told otherwise. */
function recorded(how: (record: LoggedRecord) => LoggedRecord[]): History {
  const history = sound();
  return { ...history, logs: history.logs.map((log) => ({ ...log, records: log.records.flatMap(how) })) };
}

/** The run ended otherwise. */
function ended(state: string, reason: string): History {
  return recorded((record) => [record.outcome === undefined ? record : { ...record, outcome: { state, reason } }]);
}

/** The run ended in its second attempt; its orchestrator was killed before that, or was not. The first had got as far as `type` says. */
function secondAttempt(type: string, { orchestrator }: { readonly orchestrator: boolean }): History {
  const history = recorded((record) => [{ ...record, ...(record.sequence === 2 ? { type, attempt: 1 } : { attempt: 2 }) }]);
  const fault = { step: 1, kind: "kill", process: "orchestrator", ms: 1 } as const;
  const happened = orchestrator ? [{ kind: "fault" as const, fault, struck: "orchestrator", atMs: 0 }] : [];
  return { ...history, happenings: [...happened, ...history.happenings] };
}

/** The reader asked for what is new when there were `greeted` events, and was given what comes after the third. */
function fromNow(greeted: number): History {
  const history = sound();
  return {
    ...history,
    readers: history.readers.map((reader) => ({ ...reader, fromNow: true })),
    happenings: history.happenings.flatMap((each): typeof history.happenings => {
      if (each.kind === "opened") return [{ ...each, after: "now" }];
      if (each.kind === "applied") return each.sequence > 3 ? [each] : [];
      if (each.kind !== "frame") return [each];
      if (each.frame.kind === "hello") return [{ ...each, frame: { ...each.frame, sequence: greeted } }];
      if (each.frame.kind === "events") return each.connection === 1 ? [] : [{ ...each, frame: { ...each.frame, sequences: [4, 5] } }];
      return [each];
    }),
  };
}

it("finds nothing wrong where nothing is", () => {
  expect(checkHistory(sound())).toEqual([]);
  expect(checkHistory(fromNow(3))).toEqual([]);
});

it.each<[property: string, what: string, history: History]>([
  ["P1 ordered", "events that come in another order", told("applied", (said) => [{ ...said, sequence: 6 - said.sequence }])],
  ["P1 ordered", "times that go back", recorded((record) => [{ ...record, timeMs: -record.sequence }])],
  ["P2 unique", "an event that is applied twice", told("applied", (said) => (said.sequence === 3 ? [said, said] : [said]))],
  [
    "P2 unique",
    "an event of a sandbox that is written twice",
    recorded((record) => [record.sequence === 4 ? { ...record, producerSequence: 1 } : record]),
  ],
  ["P3 reliable", "an event that is left out", told("applied", (said) => (said.sequence === 3 ? [] : [said]))],
  [
    "P3 reliable",
    "a connection that leaves an event out",
    told("frame", (said) => [said.frame.kind === "events" ? { ...said, frame: { ...said.frame, sequences: [1, 3] } } : said]),
  ],
  [
    "P3 reliable",
    "an event of a sandbox that is left out",
    recorded((record) => [record.sequence === 4 ? { ...record, producerSequence: 3 } : record]),
  ],
  [
    "P4 atomic",
    "an end within a batch",
    told("frame", (said) => [said.frame.kind === "end" ? { ...said, frame: { ...said.frame, lastSequence: 1 } } : said]),
  ],
  ["P4 atomic", "an end before the last event", told("frame", (said) => (said.frame.kind === "end" ? [said, said] : [said]))],
  ["P5 resumable", "a resumed reader that is served from the beginning", told("opened", (said) => [{ ...said, after: "1" }])],
  [
    "P6 bookmarkable",
    "a position that is undercut",
    told("frame", (said) => [said.frame.kind === "hello" ? { ...said, frame: { ...said.frame, sequence: 4 } } : said]),
  ],
  ["P7 durable", "an acknowledgement of what is not there", told("acknowledged", (said) => [{ ...said, through: 3 }])],
  ["P7 durable", "one request that makes two runs", told("created", (said) => [said, { ...said, runId: "run-other" }])],
  ["P8 visible is durable", "an event that is served too early", told("served", (said) => [{ ...said, durable: false }])],
  ["P9 agreeing", "an event that is another one in the journal", told("applied", (said) => [{ ...said, token: `other ${said.token}` }])],
  ["P10 complete", "an end that comes before all is there", told("applied", (said) => (said.sequence === 5 ? [] : [said]))],
  [
    "P10 complete",
    "a run with two outcomes",
    recorded((record) => [record.sequence === 3 ? { ...record, type: "outcomePublished" } : record]),
  ],
  [
    "P11 fenced",
    "an event of an attempt that is over",
    recorded((record) => [{ ...record, attempt: record.sequence === 2 ? 2 : record.attempt }]),
  ],
  ["P11 fenced", "a record behind the last", recorded((record) => [record.sequence === 4 ? { ...record, type: "runFinished" } : record])],
  ["P12 live", "a reader that never hears of the end", { ...told("finished", () => []), ended: "out of time" }],
  ["P12 live", "a run without an end", recorded((record) => (record.type === "runFinished" ? [] : [record]))],
  ["P13 explained", "a run that fails without a cause", ended("FAILED", "SANDBOX_LOST")],
  ["P13 explained", "a run that is out of time too soon", ended("TIMED_OUT", "TIMED_OUT")],
  ["P13 explained", "a sandbox that is lost with its orchestrator", secondAttempt("sandboxReady", { orchestrator: true })],
  ["P13 explained", "an attempt that fails while nothing is touched", secondAttempt("attemptStarted", { orchestrator: false })],
  [
    "P14 steadfast",
    "a client that gives up",
    told("finished", (said) => [{ kind: "gaveUp", reader: said.reader, reason: "RUN_NOT_FOUND" }, said]),
  ],
  [
    "P14 steadfast",
    "a position that is refused",
    told("frame", (said) => [said.frame.kind === "end" ? { ...said, frame: { kind: "reset", sequence: 0 } } : said]),
  ],
  ["P5 resumable", "a reader of what is new that is not given the next", fromNow(2)],
  ["P10 complete", "a reader of what is new that lacks what came after its greeting", fromNow(2)],
  ["R2 tidy", "a timer that is left", { ...sound(), leftovers: ["gateway 0: something is still to be done"] }],
  ["R2 tidy", "an error nobody meant", told("finished", (said) => [said, { kind: "unexpected", process: "gateway", message: "oh" }])],
  ["intent before effect", "an action the journal does not know", told("effect", (said) => [{ ...said, actionId: "a2" }])],
])("%s tells of %s", (property, _what, history) => {
  expect(checkHistory(history).map((problem) => problem.split(":")[0])).toContain(property);
});
