import { Fault } from "@clew/fault/fault";
import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import type { Frame } from "./event-transport.ts";
import { type Connection, carry, collect, end, hello, scripted, serving, unhurried, upTo } from "./follow.fixture.ts";
import { follow } from "./follow.ts";

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

  it("asks again where it stands when the history is lost under its feet, so that no event is left out after it", async () => {
    const { transport, opened } = scripted(
      async function* () {
        yield hello(0);
        yield { kind: "reset", earliest: tokenAfter(2), fault: new Fault("EPOCH_CHANGED", { details: { earliest: tokenAfter(2) } }) };
        yield carry(...events.slice(4));
        yield end(6);
      },
      async function* (after) {
        yield { ...hello(after), sequence: after };
        yield carry(...events.slice(after));
        yield end(6);
      },
    );
    expect(await collect(transport, { after: "c1.old", onReset: "continue" })).toEqual({ sequences: upTo(6, 3) });
    expect(opened.map(({ after }) => after)).toEqual(["c1.old", tokenAfter(2)]);
  });

  it("does not go round for ever where every answer is a reset", async () => {
    const { transport } = scripted(async function* () {
      yield* [];
      throw new Fault("DIVERGED", { details: { earliest: tokenAfter(2) } });
    });
    expect((await collect(transport, { after: "c1.old", onReset: "continue" })).fault?.reason).toBe("DIVERGED");
  });
});
