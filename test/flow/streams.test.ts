import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

describe("many runs over one connection, with the real gateway", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system?.[Symbol.asyncDispose]());

  it("are each complete and in order and go on from a position of before", async () => {
    const runs = [
      await system.clew.createRun(await system.cancelOrder()),
      await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url))),
    ];
    const ids = runs.map(({ id }) => id);
    const seen = new Map(ids.map((id) => [id, [] as string[]]));
    const streams = system.clew.streams(ids);
    let saved = "";
    for await (const event of streams) {
      seen.get(event.runId)?.push(event.resumeToken);
      if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") await runs[1]?.stop({ graceSeconds: 0 });
      if (event.runId === ids[0] && event.type === "runStarted") saved = streams.position;
    }
    for (const run of runs) {
      const alone: string[] = [];
      for await (const event of run.events()) alone.push(event.resumeToken);
      expect(seen.get(run.id)).toEqual(alone);
    }
    const rest: string[] = [];
    for await (const event of system.clew.streams(ids.toReversed(), { after: saved })) rest.push(event.resumeToken);
    expect(
      [...seen.values()]
        .flat()
        .toSorted()
        .filter((token) => !rest.includes(token)).length,
    ).toBe([...seen.values()].flat().length - rest.length);
    expect(rest.length).toBeGreaterThan(10);
    expect(await Array.fromAsync(system.clew.streams(ids, { after: streams.position }))).toEqual([]);
  });
});
