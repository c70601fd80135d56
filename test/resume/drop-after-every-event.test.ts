import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readSse } from "../support/doors.ts";
import { type System, startSystem } from "../support/system.ts";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

/** Takes one event and drops the connection. Undefined when there is nothing left to take. */
async function takeOne(url: string, token: string): Promise<{ readonly id: string; readonly data: string } | undefined> {
  const leave = new AbortController();
  const response = await fetch(url, { headers: token === "" ? {} : { "last-event-id": token }, signal: leave.signal });
  if (response.status === 204) return undefined;
  let taken: { id: string; data: string } | undefined;
  const parser = createParser({
    onEvent({ event, id, data }) {
      if (event === undefined && id !== undefined) taken ??= { id, data };
    },
  });
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    parser.feed(chunk);
    if (taken !== undefined) break;
  }
  leave.abort();
  return taken;
}

it("[weakness 3] gives a reader who drops its connection after every event the same as one who stays (PROTOCOL 6.2, 9)", async () => {
  const run = await system.clew.createRun(await system.cancelOrder());
  const stays = readSse(system, run.id);
  const dropped: string[] = [];
  for (let token = ""; ; ) {
    const taken = await takeOne(`${system.url}/v1/runs/${run.id}/stream`, token);
    if (taken === undefined) break;
    dropped.push(taken.data);
    token = taken.id;
  }
  expect(dropped).toEqual(await stays);
  expect(dropped.length).toBeGreaterThan(20);
});
