import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRun } from "../../../test/support/sample-run.ts";
import { type StubGateway, sseFrame, startStubGateway, stream } from "../../../test/support/stub-gateway.ts";
import { createClew } from "./clew.ts";
import type { RunEvent } from "./run-event.ts";

const path = "GET /v1/streams";
const ids = ["run-a", "run-b"];
const of = (runId: string) => sampleEvents(3).map((event): RunEvent => ({ ...event, runId }));
const [a1, a2, a3] = of("run-a") as [RunEvent, RunEvent, RunEvent];
const [b1, b2, b3] = of("run-b") as [RunEvent, RunEvent, RunEvent];
const all = [a1, b1, a2, b2, a3, b3];
const name = ({ runId, sequence }: RunEvent) => `${runId.at(-1)}${sequence}`;

/** An event with the position after it. */
const at = (position: string, event: RunEvent) => `id: ${position}\ndata: ${JSON.stringify(event)}\n\n`;
const over = (position: string, runId: string, lastSequence = 3) =>
  sseFrame("end", { runId, run: sampleRun({ id: runId }), lastSequence }, position);
const hello = (position: string, runId: string, sequence: number) =>
  sseFrame("hello", { runId, sequence, tail: 3, heartbeatMs: 1000 }, position);
const rest = at("p5", a3) + over("p6", "run-a") + at("p7", b3) + over("p8", "run-b") + sseFrame("end", {});
const whole = at("p1", a1) + at("p2", b1) + at("p3", a2) + at("p4", b2) + rest;

async function read(gateway: StubGateway, options: Parameters<ReturnType<typeof createClew>["streams"]>[1] = {}) {
  const streams = createClew({ url: gateway.url, patienceMs: 3_000 }).streams(ids, options);
  const seen: string[] = [];
  for await (const event of streams) seen.push(name(event));
  return { seen, position: streams.position, asked: gateway.seen.map(({ headers }) => headers["last-event-id"]) };
}

describe("many runs over one connection", () => {
  it("brings every event of each, in order, and ends when all are over", async () => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(whole, "close"));
    expect(await read(gateway)).toEqual({ seen: all.map(name), position: "p8", asked: [undefined] });
    expect(gateway.seen[0]?.query.get("runs")).toBe("run-a,run-b");
  });

  it.each([
    ["cut", stream(at("p1", a1) + at("p2", b1) + at("p3", a2).slice(0, 20)), "p2"],
    ["closed without its end", stream(at("p1", a1) + at("p2", b1), "close"), "p2"],
    ["handed over", stream(at("p1", a1) + at("p2", b1) + sseFrame("reconnect", { afterMs: 1 }), "leave open"), "p2"],
    ["full", stream(at("p1", a1) + at("p2", b1) + sseFrame("busy", { afterMs: 1 }), "close"), "p2"],
    ["missing an event of one run", stream(at("p1", a1) + at("p2", b1) + at("p9", b3), "leave open"), "p2"],
    ["ended for one run too soon", stream(at("p1", a1) + at("p2", b1) + over("p9", "run-b"), "leave open"), "p2"],
    ["carrying another's event", stream(at("p1", a1) + at("p2", b1) + at("p9", { ...a2, runId: "run-c" }), "leave open"), "p2"],
  ])("goes on after the last event it has when the connection is %s", async (_, first, from) => {
    await using gateway = await startStubGateway();
    gateway.script(path, first, stream(at("p3", a2) + at("p4", b2) + rest, "close"));
    expect(await read(gateway)).toEqual({ seen: all.map(name), position: "p8", asked: [undefined, from] });
  });

  it("leaves out what comes again", async () => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(at("p1", a1) + at("p2", b1)), stream(whole, "close"));
    expect((await read(gateway)).seen).toEqual(all.map(name));
  });

  it("does not believe an end of all while one goes on", async () => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(at("p1", a1) + sseFrame("end", {}), "close"), stream(whole, "close"));
    expect((await read(gateway)).seen).toEqual(all.map(name));
  });

  it.each([
    ["an event is left out after a position of before", { after: "p2" }, hello("p2", "run-a", 1) + hello("p2", "run-b", 1) + at("p9", a3)],
    ["one of the runs has not ended", { after: "p2" }, hello("p2", "run-a", 1) + hello("p2", "run-b", 1) + sseFrame("end", {})],
    ["one of the runs ended too soon", { after: "p2" }, hello("p2", "run-a", 1) + hello("p2", "run-b", 1) + over("p9", "run-a")],
    [
      "an event is left out after a reset",
      { after: "old", onReset: "continue" },
      sseFrame("reset", { reason: "DIVERGED", earliest: "t1", runId: "run-a" }, "p2") +
        hello("p2", "run-a", 1) +
        hello("p2", "run-b", 1) +
        at("p9", a3),
    ],
    [
      "it is reset when it was told already where it stands",
      { after: "old", onReset: "continue" },
      hello("old", "run-a", 3) +
        hello("old", "run-b", 1) +
        sseFrame("reset", { reason: "DIVERGED", earliest: "t1", runId: "run-a" }, "p2") +
        at("p9", a3),
    ],
  ] as const)("asks again where it stands when %s", async (_, options, first) => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(first, "leave open"), stream(hello("p2", "run-a", 1) + at("p3", a2) + at("p4", b2) + rest, "close"));
    expect(await read(gateway, options)).toMatchObject({ seen: ["a2", "b2", "a3", "b3"], asked: [options.after, "p2"] });
  });

  it("goes on with the others where nothing is left of one, if it is to go on after a reset", async () => {
    const lost = at("p1", a1) + at("p2", b1) + sseFrame("reset", { reason: "EXPIRED", earliest: "", runId: "run-a" }, "p3");
    await using gateway = await startStubGateway();
    gateway.script(path, stream(lost + at("p4", b2) + at("p5", b3) + over("p6", "run-b") + sseFrame("end", {}), "close"));
    expect(await read(gateway, { onReset: "continue" })).toMatchObject({ seen: ["a1", "b1", "b2", "b3"], position: "p6" });
    gateway.script(path, stream(lost, "close"));
    await expect(read(gateway)).rejects.toMatchObject({ reason: "EXPIRED", details: { runId: "run-a" } });
  });

  it("is told that it has everything where only the ends were lost", async () => {
    await using gateway = await startStubGateway();
    const beforeEnds = at("p1", a1) + at("p2", b1) + at("p3", a2) + at("p4", b2) + at("p5", a3) + over("p6", "run-a") + at("p7", b3);
    gateway.script(path, stream(beforeEnds), (response) => void response.writeHead(204).end());
    expect(await read(gateway)).toEqual({ seen: all.map(name), position: "p7", asked: [undefined, "p7"] });
  });

  it("goes on from a position of before, and ends at once where nothing is left", async () => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(rest, "close"), (response) => void response.writeHead(204).end());
    expect((await read(gateway, { after: "p4" })).seen).toEqual(["a3", "b3"]);
    expect(await read(gateway, { after: "p8" })).toMatchObject({ seen: [], position: "p8", asked: ["p4", "p8"] });
  });

  it("tells of a lost history and whose it is, or goes on where the service does", async () => {
    await using gateway = await startStubGateway();
    const lost = sseFrame("reset", { reason: "EPOCH_CHANGED", earliest: "t2", runId: "run-b" }, "p3");
    gateway.script(path, stream(lost + rest, "close"), stream(lost + rest, "close"));
    await expect(read(gateway, { after: "old" })).rejects.toMatchObject({ reason: "EPOCH_CHANGED", details: { runId: "run-b" } });
    expect((await read(gateway, { after: "old", onReset: "continue" })).seen).toEqual(["a3", "b3"]);
  });

  it("holds the place that `now` meant when the first connection breaks", async () => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(sseFrame("hello", { runId: "run-a", tail: 2, heartbeatMs: 1000 }, "p4")), stream(rest, "close"));
    expect(await read(gateway, { after: "now" })).toMatchObject({ seen: ["a3", "b3"], asked: ["now", "p4"] });
  });

  it("moves past what a filter leaves out", async () => {
    await using gateway = await startStubGateway();
    gateway.script(path, stream(at("p1", a1) + sseFrame("checkpoint", {}, "p4")), stream(rest, "close"));
    expect(await read(gateway, { types: ["runCreated", "runFinished"] })).toMatchObject({
      seen: ["a1", "a3", "b3"],
      asked: [undefined, "p4"],
    });
    expect(gateway.seen[0]?.query.get("types")).toBe("runCreated,runFinished");
  });

  it("is left without a trace, and takes from 1 to 50 runs", async () => {
    await using gateway = await startStubGateway();
    let closed = false;
    gateway.script(path, (response, request) => {
      response.on("close", () => (closed = true));
      return stream(at("p1", a1), "leave open")(response, request);
    });
    const clew = createClew({ url: gateway.url });
    for await (const _ of clew.streams(ids)) break;
    await expect.poll(() => closed).toBe(true);
    expect(() => clew.streams([])).toThrow("runs: from 1 to 50.");
    expect(() => clew.streams(Array.from({ length: 51 }, (_, index) => `run-${index}`))).toThrow("runs: from 1 to 50.");
  });
});
