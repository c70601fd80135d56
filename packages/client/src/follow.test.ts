import { Fault } from "@clew/fault/fault";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import { type Connection, carry, collect, end, hello, scripted, serving, unhurried, upTo } from "./follow.fixture.ts";
import { follow } from "./follow.ts";

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

  it("[weakness 6] takes a clean close without `end` for a broken connection", async () => {
    const { transport, opened } = scripted(async function* () {
      yield carry(...events);
    }, serving(events));
    expect((await collect(transport)).sequences).toEqual(upTo(5));
    expect(opened.map(({ after }) => after)).toEqual(["", tokenAfter(5)]);
  });

  it("[weakness 3] reads on after an `end` that names more events than it saw", async () => {
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
    // How often it tried in that time is the machine's.
    expect(opened.length).toBeGreaterThan(1);
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
