import { join } from "node:path";
import { connectGrpc } from "@clew/grpc/client";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../test/support/temp-folder.ts";
import { createEventService } from "./event-service.ts";
import { openOutbox } from "./outbox.ts";
import { watchPresence } from "./presence.ts";

let temp: TempFolder;
let folder: string;
beforeEach(async () => {
  temp = await tempFolder();
  folder = temp.path;
});
afterEach(() => temp[Symbol.asyncDispose]());

async function serve({ graceMs = 60_000, onAbsent = () => {} } = {}) {
  await using stack = new AsyncDisposableStack();
  const outbox = stack.use(openOutbox({ file: join(folder, "outbox") }));
  const presence = stack.use(watchPresence({ graceMs, onAbsent }));
  const address = `unix:${join(folder, "socket")}`;
  stack.use(await startGrpcServer({ address, services: [implement(SandboxEventServiceService, createEventService(outbox, presence))] }));
  const client = stack.use(connectGrpc(SandboxEventServiceService, address));
  const parts = stack.move();
  return { outbox, client, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const warning = { summary: "a", payload: { $case: "warningRaised", value: { reason: "X", message: "x", details: {} } } } as const;

describe("the event service", () => {
  it("carries events, acknowledgements and the end between outbox and client", async () => {
    await using service = await serve();
    const { outbox, client } = service;
    const barrier = outbox.append(warning).then((sequence) => outbox.waitAcknowledged(sequence));
    const kinds: (string | undefined)[] = [];
    for await (const { frame } of client.streamSandboxEvents({ after: 0 })) {
      kinds.push(frame?.$case);
      if (frame?.$case !== "events") continue;
      await client.acknowledgeSandboxEvents({ through: 1 });
      await barrier;
      await outbox.finish();
    }
    expect(kinds).toEqual(["events", "end"]);
  });

  it("ends the older stream when a newer one comes, and serves the newer", async () => {
    await using service = await serve();
    const { outbox, client } = service;
    await outbox.append(warning);
    const older = client.streamSandboxEvents({ after: 0 })[Symbol.asyncIterator]();
    expect((await older.next()).value).toMatchObject({ frame: { $case: "events" } });
    const newer = client.streamSandboxEvents({ after: 0 })[Symbol.asyncIterator]();
    expect((await newer.next()).value).toMatchObject({ frame: { $case: "events" } });
    await expect(older.next()).rejects.toMatchObject({ reason: "SUPERSEDED" });
    const next = newer.next();
    await outbox.append(warning);
    expect((await next).value).toMatchObject({ frame: { $case: "events", value: { events: [{ sequence: 2 }] } } });
    await newer.return?.();
  });

  it("counts an open stream as presence, and its end as the start of the absence", async () => {
    const absent = Promise.withResolvers<void>();
    let isAbsent = false;
    void absent.promise.then(() => (isAbsent = true));
    await using service = await serve({ graceMs: 200, onAbsent: absent.resolve });
    await service.outbox.append(warning);
    const stream = service.client.streamSandboxEvents({ after: 0 })[Symbol.asyncIterator]();
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isAbsent).toBe(false);
    await stream.return?.();
    await absent.promise;
  });
});
