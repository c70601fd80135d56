import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connectGrpc } from "@clew/grpc/client";
import { RunServiceService, type StreamRunEventsResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type System, startSystem } from "../support/system.ts";

const bearer = (text: string) => {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${text}`);
  return { metadata };
};

/** Reads an event stream to its end. */
async function readAll(response: Response): Promise<EventSourceMessage[]> {
  const read: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => read.push(event) }).feed(await response.text());
  return read;
}

const eventsOf = (read: readonly EventSourceMessage[]) =>
  read.filter(({ event }) => event === undefined).map(({ data }) => JSON.parse(data));

describe("a ticket", () => {
  let system: System;
  let mine: string;
  let other: string;
  const keys = { acme: "acme-key-for-tests", rival: "rival-key-for-tests", service: "service-key-for-tests" };
  beforeAll(async () => {
    system = await startSystem({
      CLEW_API_KEYS: `acme:${keys.acme},rival:${keys.rival}`,
      CLEW_POLICY: "{ allowPrivateNetworks: true }",
      CLEW_SERVICE_KEY: keys.service,
    });
    [mine, other] = [await create(), await create()];
  });
  afterAll(() => system[Symbol.asyncDispose]());

  const create = async () => {
    const run = await system.clew.createRun(
      system.spec(`id: short\nsteps:\n  - { action: goto, params: { url: "${system.backOffice.url}/login" } }\n`, {
        labels: { private: "yes" },
      }),
    );
    expect(await run.result()).toMatchObject({ state: "COMPLETED" });
    return run.id;
  };
  const connect = () => connectGrpc(RunServiceService, system.orchestratorAddress);
  async function make(more: { types?: string[]; artifacts?: boolean; runs?: string[] } = {}, key = keys.acme): Promise<string> {
    using runs = connect();
    const { ticket } = await runs.createTicket({ runs: [mine], types: [], artifacts: false, ...more }, bearer(key));
    return ticket;
  }
  async function follow(shown: string, runId: string): Promise<StreamRunEventsResponse[]> {
    using runs = connect();
    return await Array.fromAsync(runs.streamRunEvents({ runId, resumeToken: "", types: [] }, bearer(shown)));
  }

  it("[weakness 11] reads the runs it names at the stream, the page and the Run, also after a restart, and no other run", async () => {
    const ticket = await make();
    await system.restart();
    using runs = connect();
    expect((await follow(ticket, mine)).at(-1)?.frame).toMatchObject({ $case: "end" });
    const read = { after: "", limit: 0, wait: undefined };
    expect((await runs.readEvents({ runId: mine, ...read }, bearer(ticket))).finished).toBe(true);
    expect((await runs.getRun({ runId: mine, wait: undefined }, bearer(ticket))).run?.spec?.labels).toEqual({ private: "yes" });
    await expect(runs.getRun({ runId: other, wait: undefined }, bearer(ticket))).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
    await expect(follow(ticket, other)).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
  });

  it("changes nothing, lists nothing and makes no other ticket", async () => {
    const ticket = await make({ artifacts: true });
    using runs = connect();
    const refused = expect.objectContaining({ code: "PERMISSION_DENIED", reason: "NOT_PERMITTED" });
    for (const call of [
      runs.stopRun({ runId: mine, reason: "" }, bearer(ticket)),
      runs.deleteRun({ runId: mine }, bearer(ticket)),
      runs.createRun({ spec: undefined, requestId: "" }, bearer(ticket)),
      runs.listRuns({ pageSize: 0, pageToken: "", state: [], label: [], playbook: "", parentRun: "" }, bearer(ticket)),
      runs.createTicket({ runs: [mine], types: [], artifacts: false }, bearer(ticket)),
    ])
      await expect(call).rejects.toEqual(refused);
  });

  it("shows artifacts only where it was made to", async () => {
    using runs = connect();
    await expect(runs.listArtifacts({ runId: mine }, bearer(await make()))).rejects.toMatchObject({ reason: "NOT_PERMITTED" });
    const { artifacts } = await runs.listArtifacts({ runId: mine }, bearer(await make({ artifacts: true })));
    expect(artifacts.map(({ name }) => name)).toContain("playbook.yaml");
  });

  it("is told by the answer's headers which types it shows, beside the request's id", async () => {
    const { metadata } = bearer(await make({ types: ["stepStarted", "stepCompleted"] }));
    metadata.set("x-request-id", "asked-by-me");
    const client = new Client(system.orchestratorAddress, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = RunServiceService.getRun;
    const headers = await new Promise<Metadata>((resolve, reject) => {
      const request = { runId: mine, wait: undefined };
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        (error) => error && reject(error),
      );
      call.on("metadata", resolve);
    });
    client.close();
    expect(headers.getMap()).toMatchObject({ "clew-ticket-types": "stepStarted,stepCompleted", "x-request-id": "asked-by-me" });
  });

  it("of some types shows those events and what they tell of the Run, and its positions still advance", async () => {
    const ticket = await make({ types: ["stepCompleted"] });
    const frames = await follow(ticket, mine);
    const events = frames.flatMap(({ frame }) => (frame?.$case === "events" ? frame.value.events : []));
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(["stepCompleted"]));
    const end = frames.at(-1)?.frame;
    if (end?.$case !== "end") throw new Error("no end");
    expect(end.value.run).toMatchObject({ id: mine, spec: undefined, outcome: undefined });
    using runs = connect();
    const read = { runId: mine, limit: 3, wait: undefined };
    const first = await runs.readEvents({ ...read, after: "" }, bearer(ticket));
    expect(first.events).toEqual([]);
    const second = await runs.readEvents({ ...read, after: first.nextResumeToken }, bearer(ticket));
    expect(second.nextResumeToken).not.toBe(first.nextResumeToken);
    expect((await runs.getRun({ runId: mine, wait: undefined }, bearer(ticket))).run?.spec).toBeUndefined();
  });

  it("that was forged is told from one that has ended", async () => {
    const ticket = await make();
    await expect(follow(`${ticket.slice(0, -1)}x`, mine)).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason: "TICKET_INVALID" });
    const [prefix, allowed = ""] = ticket.split(".");
    const [, ...rest]: unknown[] = JSON.parse(Buffer.from(allowed, "base64url").toString());
    const body = `${prefix}.${Buffer.from(JSON.stringify([1, ...rest])).toString("base64url")}`;
    const proof = createHmac("sha256", await readFile(join(system.volume, "volume.key")))
      .update("ticket")
      .update("\0")
      .update(body)
      .digest("hex");
    await expect(follow(`${body}.${proof}`, mine)).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason: "TICKET_EXPIRED" });
  });

  it("is refused where its bounds are not kept, and for a run of another tenant", async () => {
    using runs = connect();
    const ask = { runs: [mine], types: [], artifacts: false };
    for (const wrong of [{ ttlSeconds: 59 }, { ttlSeconds: 86_401 }, { runs: [] }, { runs: Array(51).fill(mine) }, { types: ["nothing"] }])
      await expect(runs.createTicket({ ...ask, ...wrong }, bearer(keys.acme))).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await expect(runs.createTicket(ask, bearer(keys.rival))).rejects.toMatchObject({
      reason: "RUN_NOT_FOUND",
      details: { field: "runs[0]" },
    });
  });

  it("is not needed by a gateway: its key reads every tenant's runs and does nothing else", async () => {
    using runs = connect();
    expect((await follow(keys.service, mine)).at(-1)?.frame).toMatchObject({ $case: "end" });
    expect((await runs.listArtifacts({ runId: mine }, bearer(keys.service))).artifacts).not.toEqual([]);
    for (const call of [
      runs.stopRun({ runId: mine, reason: "" }, bearer(keys.service)),
      runs.listRuns({ pageSize: 0, pageToken: "", state: [], label: [], playbook: "", parentRun: "" }, bearer(keys.service)),
      runs.createTicket({ runs: [mine], types: [], artifacts: false }, bearer(keys.service)),
    ])
      await expect(call).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  describe("at the gateway", () => {
    let runs: string[];
    beforeAll(async () => {
      runs = [mine, await create()];
    });

    async function ticketFor(body: object): Promise<string> {
      const headers = { authorization: `Bearer ${keys.acme}`, "content-type": "application/json" };
      const response = await fetch(`${system.url}/v1/tickets`, { method: "POST", headers, body: JSON.stringify(body) });
      return (await response.json()).ticket;
    }

    it("opens its runs' stream, page and Run, and no other's", async () => {
      const ticket = await ticketFor({ runs: [runs[0]] });
      const run = `${system.url}/v1/runs/${runs[0]}`;
      const read = await readAll(await fetch(`${run}/stream?ticket=${ticket}`));
      expect(read.at(-1)?.event).toBe("end");
      expect(eventsOf(read).map(({ sequence }) => sequence)).toEqual(eventsOf(read).map((_, index) => index + 1));
      expect((await (await fetch(`${run}/events?ticket=${ticket}`)).json()).finished).toBe(true);
      expect((await (await fetch(`${run}?ticket=${ticket}`)).json()).id).toBe(runs[0]);
      expect((await fetch(`${system.url}/v1/runs/${other}/stream?ticket=${ticket}`)).status).toBe(404);
      expect((await fetch(`${run}/stream`)).status).toBe(401);
      expect((await fetch(`${run}/stream`, { headers: { authorization: `Bearer ${keys.rival}` } })).status).toBe(404);
    });

    it("of some types bounds what its reader gets of blocks that others have whole", async () => {
      const stream = `${system.url}/v1/runs/${runs[0]}/stream`;
      const whole = await readAll(await fetch(stream, { headers: { authorization: `Bearer ${keys.acme}` } }));
      const ticket = await ticketFor({ runs: [runs[0]], types: ["stepCompleted"] });
      const read = await readAll(await fetch(`${stream}?ticket=${ticket}&types=stepCompleted,runFinished`));
      expect(eventsOf(whole).length).toBeGreaterThan(eventsOf(read).length);
      expect(eventsOf(read)).toEqual(eventsOf(whole).filter(({ type }) => type === "stepCompleted"));
      const { run } = JSON.parse(read.at(-1)?.data ?? "");
      expect(run).toMatchObject({ id: runs[0], state: "COMPLETED" });
      expect(run).not.toHaveProperty("spec");
      expect(run).not.toHaveProperty("outcome");
    });

    it("that was forged is 401; one that has ended is told so in-band, and 401 where nothing streams", async () => {
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

    it("opens one connection that carries many runs to their ends, and must name them all", async () => {
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

  it("shows nothing of a run that was deleted", async () => {
    const ticket = await make({ runs: [other], artifacts: true });
    using runs = connect();
    await runs.deleteRun({ runId: other }, bearer(keys.acme));
    const isGone = expect.objectContaining({ reason: "RUN_DELETED" });
    await expect(follow(ticket, other)).rejects.toEqual(isGone);
    await expect(runs.getRun({ runId: other, wait: undefined }, bearer(ticket))).rejects.toEqual(isGone);
    await expect(runs.listArtifacts({ runId: other }, bearer(ticket))).rejects.toEqual(isGone);
  });
});
