import { Fault } from "@clew/fault/fault";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import type { EventTransport, Frame, StreamRequest } from "./event-transport.ts";
import { type FollowOptions, follow } from "./follow.ts";
import type { RunEvent } from "./run-event.ts";

type Connection = (after: number, request: StreamRequest) => AsyncIterable<Frame>;

/** A transport whose n-th connection is the n-th given; the last one serves all that follow. */
function scripted(...connections: readonly Connection[]) {
  const opened: StreamRequest[] = [];
  const transport: EventTransport = (request) => {
    const connection = connections[Math.min(opened.length, connections.length - 1)];
    opened.push(request);
    if (connection === undefined) throw new Error("no connection is scripted");
    return connection(sequenceOf(request.after), request);
  };
  return { transport, opened };
}

function sequenceOf(after: string): number {
  return after === "" ? 0 : Number(after.replace("c1.sample-", ""));
}

const hello = (after: number, heartbeatMs = 1000): Frame => ({ kind: "hello", token: tokenAfter(after), sequence: undefined, heartbeatMs });
const carry = (...events: readonly RunEvent[]): Frame => ({ kind: "events", events });
const end = (lastSequence: number | undefined): Frame => ({ kind: "end", lastSequence });

/** A connection that serves a journal as the protocol says. */
const serving = (events: readonly RunEvent[]): Connection =>
  async function* (after) {
    yield hello(after);
    yield carry(...events.slice(after));
    yield end(events.length);
  };

const unhurried = { signal: new AbortController().signal, connectPatienceMs: 5_000, reconnectPatienceMs: 5_000, backoffMs: 0 };

async function collect(
  transport: EventTransport,
  options: Partial<FollowOptions> = {},
): Promise<{ readonly sequences: number[]; readonly fault?: Fault }> {
  const sequences: number[] = [];
  try {
    for await (const event of follow(transport, sampleRunId, { ...unhurried, ...options })) sequences.push(event.sequence);
  } catch (thrown) {
    return { sequences, fault: Fault.from(thrown) };
  }
  return { sequences };
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe("following over histories of bad connections", () => {
  const length = 12;
  const events = sampleEvents(length);

  /** What a connection does, one thing after another; the position is the next sequence it would send. */
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("deliver" as const), count: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), count: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("skip" as const), count: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("checkpoint" as const), count: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("endTooSoon" as const), count: fc.constant(0) }) },
  );
  const finish = fc.constantFrom("close", "throw", "hang", "reconnect", "repeatAndClose");
  const history = fc.array(fc.record({ steps: fc.array(step, { maxLength: 5 }), finish }), { maxLength: 8 });

  function connect(steps: readonly { readonly do: string; readonly count: number }[], how: string): Connection {
    return async function* (after, { signal }) {
      let next = after;
      yield hello(after, how === "hang" ? 4 : 1000);
      for (const { do: what, count } of steps) {
        if (what === "deliver") {
          yield carry(...events.slice(next, next + count));
          next = Math.min(length, next + count);
        }
        if (what === "repeat") yield carry(...events.slice(Math.max(0, next - count), next));
        if (what === "skip") next = Math.min(length, next + count);
        if (what === "checkpoint") yield { kind: "checkpoint", token: tokenAfter(next) };
        if (what === "endTooSoon") yield end(length);
      }
      if (how === "throw") throw new Fault("CONNECTION_LOST");
      if (how === "reconnect") yield { kind: "later", afterMs: 0, fault: new Fault("SHUTTING_DOWN") };
      if (how === "hang") await new Promise((resolve) => signal.addEventListener("abort", resolve));
      // What comes after the reader left must not reach it.
      if (how === "repeatAndClose" || how === "hang") yield carry(...events.slice(after));
    };
  }

  it("yields 1 to n, each once and in order, or a prefix and a fault, whatever the connections do", async () => {
    let completed = 0;
    await fc.assert(
      fc.asyncProperty(history, async (connections) => {
        const { transport } = scripted(...connections.map(({ steps, finish: how }) => connect(steps, how)), serving(events));
        const { sequences, fault } = await collect(transport);
        expect(sequences).toEqual(upTo(sequences.length));
        if (fault === undefined) {
          completed += 1;
          expect(sequences.length).toBe(length);
        }
      }),
      { numRuns: 300 },
    );
    expect(completed).toBeGreaterThan(200);
  });

  it("always completes while connections are cut, duplicated, hung and handed over, but never lie", async () => {
    const honest = history.map((connections) =>
      connections.map((connection) => ({
        ...connection,
        steps: connection.steps.filter(({ do: what }) => what !== "skip" && what !== "endTooSoon"),
      })),
    );
    await fc.assert(
      fc.asyncProperty(honest, async (connections) => {
        const { transport } = scripted(...connections.map(({ steps, finish: how }) => connect(steps, how)), serving(events));
        expect(await collect(transport)).toEqual({ sequences: upTo(length) });
      }),
      { numRuns: 200 },
    );
  });

  it("resumes from any token with exactly what comes after it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: length }), fc.boolean(), history, async (after, asNumber, connections) => {
        const honest = connections.map(({ steps, finish: how }) =>
          connect(
            steps.filter(({ do: what }) => what === "deliver"),
            how,
          ),
        );
        const { transport } = scripted(...honest, serving(events));
        const { sequences } = await collect(transport, { after: asNumber ? after : tokenAfter(after) });
        expect(sequences).toEqual(upTo(length, after + 1));
      }),
      { numRuns: 100 },
    );
  });
});

describe("what ends a stream and what does not", () => {
  const events = sampleEvents(5);

  it("takes a clean close without `end` for a broken connection", async () => {
    const { transport, opened } = scripted(async function* () {
      yield carry(...events);
    }, serving(events));
    expect((await collect(transport)).sequences).toEqual(upTo(5));
    expect(opened.map(({ after }) => after)).toEqual(["", tokenAfter(5)]);
  });

  it("reads on after an `end` that names more events than it saw", async () => {
    const { transport, opened } = scripted(async function* () {
      yield carry(...events.slice(0, 3));
      yield end(5);
    }, serving(events));
    expect((await collect(transport)).sequences).toEqual(upTo(5));
    expect(opened[1]?.after).toBe(tokenAfter(3));
  });

  it("reconnects from the last token on a gap and yields nothing beyond it", async () => {
    const { transport, opened } = scripted(async function* () {
      yield carry(...events.slice(0, 2), ...events.slice(3));
    }, serving(events));
    expect((await collect(transport)).sequences).toEqual(upTo(5));
    expect(opened[1]?.after).toBe(tokenAfter(2));
  });

  it("says DIVERGED when the run ended before an event that was seen", async () => {
    const { transport } = scripted(async function* () {
      yield carry(...events);
      yield end(3);
    });
    expect((await collect(transport)).fault?.reason).toBe("DIVERGED");
  });

  it("stops asking a service that leaves the same event out again and again", async () => {
    const { transport, opened } = scripted(async function* () {
      yield carry(...events.slice(1));
      yield end(5);
    });
    const { sequences, fault } = await collect(transport);
    expect(sequences).toEqual([]);
    expect(fault?.reason).toBe("CONNECTION_LOST");
    expect(opened.length).toBe(5);
  });

  it("ends without an event when its token is the run's last", async () => {
    const { transport } = scripted(async function* () {
      yield end(undefined);
    });
    expect(await collect(transport, { after: tokenAfter(5) })).toEqual({ sequences: [] });
  });

  it.each(["RUN_NOT_FOUND", "TOKEN_MALFORMED", "KEY_INVALID", "NOT_PERMITTED"] as const)("throws %s at once", async (reason) => {
    const { transport, opened } = scripted(async function* () {
      yield* [];
      throw new Fault(reason);
    });
    expect((await collect(transport)).fault?.reason).toBe(reason);
    expect(opened.length).toBe(1);
  });

  it("gives up a gateway that never answers once its patience is over", async () => {
    const { transport, opened } = scripted(async function* () {
      yield* [];
      throw new Fault("GATEWAY_UNREACHABLE");
    });
    const { fault } = await collect(transport, { connectPatienceMs: 40, backoffMs: 5 });
    expect(fault?.reason).toBe("GATEWAY_UNREACHABLE");
    expect(opened.length).toBeGreaterThan(2);
  });

  it("outlasts the first patience once it was answered", async () => {
    let tries = 0;
    const { transport } = scripted(
      async function* (after) {
        yield hello(after);
        yield carry(...events.slice(0, 2));
      },
      async function* (after) {
        tries += 1;
        if (tries < 12) throw new Fault("GATEWAY_UNREACHABLE");
        yield* serving(events)(after, { runId: "", after: "", types: [], signal: unhurried.signal });
      },
    );
    expect((await collect(transport, { connectPatienceMs: 0 })).sequences).toEqual(upTo(5));
  });
});

describe("coming back", () => {
  const events = sampleEvents(5);
  const cutAfter = (...frames: readonly Frame[]): Connection =>
    async function* (after) {
      yield hello(after);
      yield* frames;
    };

  it("waits as long as the service wished for, and no longer than a bound of its own", async () => {
    const { transport } = scripted(cutAfter({ kind: "retry", ms: 150 }), serving(events));
    const began = performance.now();
    expect((await collect(transport, { random: () => 1 })).sequences).toEqual(upTo(5));
    expect(performance.now() - began).toBeGreaterThan(145);
    const endless = scripted(cutAfter({ kind: "retry", ms: 3_600_000 }), serving(events));
    expect((await collect(endless.transport, { random: () => 0.001 })).sequences).toEqual(upTo(5));
  });

  it("proves with the first event after an opaque token that it is the next, where the service says which that is", async () => {
    const greeting: Frame = { kind: "hello", token: "c1.opaque", sequence: 2, heartbeatMs: 1000 };
    const { transport, opened } = scripted(
      async function* () {
        yield greeting;
        yield carry(...events.slice(3));
      },
      async function* () {
        yield greeting;
        yield carry(...events.slice(1));
        yield end(5);
      },
    );
    expect((await collect(transport, { after: "c1.opaque" })).sequences).toEqual([3, 4, 5]);
    expect(opened.map(({ after }) => after)).toEqual(["c1.opaque", "c1.opaque"]);
  });
});

describe("silence", () => {
  const events = sampleEvents(4);

  it("gives a connection up after two missed heartbeats, and never hears it again", async () => {
    let speakLate: (frame: Frame) => void = () => {};
    let aborted = false;
    const deaf: Connection = (after, { signal }) => {
      const frames = [
        Promise.resolve(hello(after, 25)),
        Promise.resolve(carry(...events.slice(0, 1))),
        new Promise<Frame>((resolve) => (speakLate = resolve)),
      ];
      signal.addEventListener("abort", () => (aborted = true));
      return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: await frames.shift()! }) }) };
    };
    const { transport } = scripted(deaf, async function* (after) {
      speakLate(carry(...events));
      await Promise.resolve();
      yield carry(...events.slice(after));
      yield end(4);
    });
    expect((await collect(transport)).sequences).toEqual(upTo(4));
    expect(aborted).toBe(true);
  });

  it("does not blame the connection for the time its reader takes", async () => {
    const { transport, opened } = scripted(async function* (after) {
      yield hello(after, 10);
      for (const event of events.slice(after)) yield carry(event);
      yield end(4);
    });
    for await (const _ of follow(transport, sampleRunId, unhurried)) await new Promise((resolve) => setTimeout(resolve, 30));
    expect(opened.length).toBe(1);
  });
});

describe("lost history", () => {
  const events = sampleEvents(6);
  const inBand: Connection = async function* () {
    yield { kind: "reset", earliest: tokenAfter(2), fault: new Fault("EPOCH_CHANGED", { details: { earliest: tokenAfter(2) } }) };
    yield carry(...events.slice(2));
    yield end(6);
  };
  const refused: Connection = async function* (after) {
    if (after !== 2) throw new Fault("EPOCH_CHANGED", { details: { earliest: tokenAfter(2) } });
    yield* serving(events)(after, { runId: "", after: "", types: [], signal: unhurried.signal });
  };

  it.each([
    ["in-band", inBand],
    ["as a refusal", refused],
  ])("throws the reason and the earliest token, told %s", async (_, connection) => {
    const { transport } = scripted(connection);
    const { fault } = await collect(transport, { after: "c1.old" });
    expect(fault?.reason).toBe("EPOCH_CHANGED");
    expect(fault?.details).toEqual({ earliest: tokenAfter(2) });
  });

  it.each([
    ["in-band", inBand],
    ["as a refusal", refused],
  ])("goes on from the earliest event where it was asked to, told %s", async (_, connection) => {
    const { transport } = scripted(connection);
    expect(await collect(transport, { after: "c1.old", onReset: "continue" })).toEqual({ sequences: upTo(6, 3) });
  });

  it("does not go round for ever where every answer is a reset", async () => {
    const { transport } = scripted(async function* () {
      yield* [];
      throw new Fault("DIVERGED", { details: { earliest: tokenAfter(2) } });
    });
    expect((await collect(transport, { after: "c1.old", onReset: "continue" })).fault?.reason).toBe("DIVERGED");
  });
});

describe("filters and `now`", () => {
  const events = sampleEvents(9);

  it("resumes a filtered stream from the checkpoint, past what the filter left out", async () => {
    const { transport, opened } = scripted(
      async function* () {
        yield carry(events[0]!);
        yield { kind: "checkpoint", token: tokenAfter(7) };
      },
      async function* () {
        yield carry(events[8]!);
        yield end(9);
      },
    );
    expect((await collect(transport, { types: ["runCreated", "runFinished"] })).sequences).toEqual([1, 9]);
    expect(opened[1]?.after).toBe(tokenAfter(7));
    expect(opened[1]?.types).toEqual(["runCreated", "runFinished"]);
  });

  it("does not believe a checkpoint over the events of an unfiltered stream", async () => {
    const { transport, opened } = scripted(async function* () {
      yield carry(...events.slice(0, 3));
      yield { kind: "checkpoint", token: tokenAfter(7) };
    }, serving(events));
    expect((await collect(transport)).sequences).toEqual(upTo(9));
    expect(opened[1]?.after).toBe(tokenAfter(3));
  });

  it("holds the place that `now` meant when the first connection breaks", async () => {
    const { transport, opened } = scripted(async function* () {
      yield hello(6);
    }, serving(events));
    expect((await collect(transport, { after: "now" })).sequences).toEqual([7, 8, 9]);
    expect(opened[1]?.after).toBe(tokenAfter(6));
  });
});

describe("leaving", () => {
  const events = sampleEvents(4);

  it("aborts the connection when the loop is left", async () => {
    const { transport, opened } = scripted(serving(events));
    for await (const _ of follow(transport, sampleRunId, unhurried)) break;
    expect(opened[0]?.signal.aborted).toBe(true);
  });

  it("throws CANCELLED when the signal aborts, while connected and between connections", async () => {
    for (const connection of [hanging, failing]) {
      const controller = new AbortController();
      const { transport } = scripted(connection);
      const collected = collect(transport, { signal: controller.signal, backoffMs: 10_000 });
      setTimeout(() => controller.abort(), 20);
      expect((await collected).fault?.reason).toBe("CANCELLED");
    }
  });

  const hanging: Connection = async function* (after) {
    yield hello(after);
    await new Promise(() => {});
  };
  const failing: Connection = async function* () {
    yield* [];
    throw new Fault("CONNECTION_LOST");
  };
});
