import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type System, startSystem } from "../support/system.ts";

/** Reads an event stream to its end. */
async function readAll(response: Response): Promise<EventSourceMessage[]> {
  const read: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => read.push(event) }).feed(await response.text());
  return read;
}

const eventsOf = (read: readonly EventSourceMessage[]) =>
  read.filter(({ event }) => event === undefined).map(({ data }) => JSON.parse(data));

describe("at the gateway of a service with keys", () => {
  let system: System;
  let runs: string[];
  let other: string;
  const key = "acme-key-for-tests";
  beforeAll(async () => {
    system = await startSystem({
      CLEW_API_KEYS: `acme:${key},rival:rival-key-for-tests`,
      CLEW_POLICY: "{ allowPrivateNetworks: true }",
      CLEW_SERVICE_KEY: "service-key-for-tests",
    });
    const create = async () => {
      const step = `  - { action: goto, params: { url: "${system.backOffice.url}/login" } }`;
      const run = await system.clew.createRun(system.spec(`id: short\nsteps:\n${step}\n`));
      await run.result();
      return run.id;
    };
    runs = [await create(), await create()];
    other = await create();
  });
  afterAll(() => system[Symbol.asyncDispose]());

  async function ticketFor(body: object): Promise<string> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await fetch(`${system.url}/v1/tickets`, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()).ticket;
  }

  it("a ticket opens its runs' stream, page and Run, and no other's", async () => {
    const ticket = await ticketFor({ runs: [runs[0]] });
    const run = `${system.url}/v1/runs/${runs[0]}`;
    const read = await readAll(await fetch(`${run}/stream?ticket=${ticket}`));
    expect(read.at(-1)?.event).toBe("end");
    expect(eventsOf(read).map(({ sequence }) => sequence)).toEqual(eventsOf(read).map((_, index) => index + 1));
    expect((await (await fetch(`${run}/events?ticket=${ticket}`)).json()).finished).toBe(true);
    expect((await (await fetch(`${run}?ticket=${ticket}`)).json()).id).toBe(runs[0]);
    expect((await fetch(`${system.url}/v1/runs/${other}/stream?ticket=${ticket}`)).status).toBe(404);
    expect((await fetch(`${run}/stream`)).status).toBe(401);
    expect((await fetch(`${run}/stream`, { headers: { authorization: "Bearer rival-key-for-tests" } })).status).toBe(404);
  });

  it("a ticket of some types bounds what its reader gets of blocks that others have whole", async () => {
    const stream = `${system.url}/v1/runs/${runs[0]}/stream`;
    const whole = await readAll(await fetch(stream, { headers: { authorization: `Bearer ${key}` } }));
    const ticket = await ticketFor({ runs: [runs[0]], types: ["stepCompleted"] });
    const read = await readAll(await fetch(`${stream}?ticket=${ticket}&types=stepCompleted,runFinished`));
    expect(eventsOf(whole).length).toBeGreaterThan(eventsOf(read).length);
    expect(eventsOf(read)).toEqual(eventsOf(whole).filter(({ type }) => type === "stepCompleted"));
    const { run } = JSON.parse(read.at(-1)?.data ?? "");
    expect(run).toMatchObject({ id: runs[0], state: "COMPLETED" });
    expect(run).not.toHaveProperty("spec");
    expect(run).not.toHaveProperty("outcome");
  });

  it("a forged ticket is 401; one that has ended is told so in-band, and 401 where nothing streams", async () => {
    const run = `${system.url}/v1/runs/${runs[0]}`;
    const [prefix, allowed = ""] = (await ticketFor({ runs: [runs[0] ?? ""] })).split(".");
    const [, ...rest]: unknown[] = JSON.parse(Buffer.from(allowed, "base64url").toString());
    const body = `${prefix}.${Buffer.from(JSON.stringify([1, ...rest])).toString("base64url")}`;
    const volumeKey = await readFile(join(system.volume, "volume.key"));
    const proof = createHmac("sha256", volumeKey).update("ticket").update("\0").update(body).digest("hex");
    expect((await fetch(`${run}/stream?ticket=${body}.${proof.replace(/^./, (digit) => (digit === "0" ? "1" : "0"))}`)).status).toBe(401);
    const ended = await fetch(`${run}/stream?ticket=${body}.${proof}`);
    expect(ended.status).toBe(200);
    expect(await ended.text()).toMatch(/retry: 3600000\nevent: ticketExpired\ndata: \{\}\n\n$/);
    expect((await fetch(`${run}?ticket=${body}.${proof}`)).status).toBe(401);
  });

  it("one connection carries many runs to their ends, and a ticket must name them all", async () => {
    const ticket = await ticketFor({ runs });
    const read = await readAll(await fetch(`${system.url}/v1/streams?runs=${runs}&ticket=${ticket}`));
    expect(read.at(-1)).toMatchObject({ event: "end", data: "{}" });
    for (const runId of runs) {
      const sequences = eventsOf(read).flatMap((event) => (event.runId === runId ? [event.sequence] : []));
      const end = read.find(({ event, data }) => event === "end" && JSON.parse(data).runId === runId);
      expect(JSON.parse(end?.data ?? "").lastSequence).toBe(sequences.length);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    }
    const half = read.filter(({ event }) => event === undefined)[3]?.id ?? "";
    const rest = await readAll(
      await fetch(`${system.url}/v1/streams?runs=${runs}&ticket=${ticket}`, { headers: { "last-event-id": half } }),
    );
    for (const runId of runs) {
      const ofRun = (events: readonly { runId: string }[]) => events.filter((event) => event.runId === runId);
      expect([...ofRun(eventsOf(read).slice(0, 4)), ...ofRun(eventsOf(rest))]).toEqual(ofRun(eventsOf(read)));
    }
    expect((await fetch(`${system.url}/v1/streams?runs=${runs},${other}&ticket=${ticket}`)).status).toBe(404);
  });
});
