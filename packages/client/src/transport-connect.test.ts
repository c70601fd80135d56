import { createServer } from "node:http";
import { create, fromJson } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import {
  RunService,
  type StreamRunEventsRequest,
  type StreamRunEventsResponse,
  StreamRunEventsResponseSchema,
} from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { ErrorInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import { createClew } from "./clew.ts";
import type { RunEvent } from "./run-event.ts";

type Connection = (request: StreamRunEventsRequest) => AsyncIterable<StreamRunEventsResponse>;

/** A Connect server whose n-th stream is the n-th given; the last one serves all that follow. */
async function serve(...connections: readonly Connection[]) {
  const asked: { readonly after: string; readonly types: readonly string[]; readonly authorization: string | null }[] = [];
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.rpc(RunService.method.streamRunEvents, async function* (request, context) {
        const connection = connections[Math.min(asked.length, connections.length - 1)]!;
        asked.push({ after: request.resumeToken, types: request.types, authorization: context.requestHeader.get("authorization") });
        yield* connection(request);
      }),
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return {
    asked,
    run: createClew({ url, key: "secret", transport: "connect", patienceMs: 1_000 }).run(sampleRunId),
    closeConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const events = sampleEvents(6);
const carry = (...some: readonly RunEvent[]) =>
  create(StreamRunEventsResponseSchema, { frame: { case: "events", value: { events: some.map(toMessage) } } });
const end = (lastSequence: number) => create(StreamRunEventsResponseSchema, { frame: { case: "end", value: { lastSequence } } });
const toMessage = (event: RunEvent) => fromJson(RunEventSchema, JSON.parse(JSON.stringify(event)));

async function collect(source: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of source) all.push(event);
  return all;
}

describe("events over the Connect protocol", () => {
  it("yields the very JSON the other doors show, over a close without `end` and a planned one", async () => {
    await using server = await serve(
      async function* () {
        yield create(StreamRunEventsResponseSchema, { frame: { case: "hello", value: { heartbeatMs: 15_000 } } });
        yield carry(...events.slice(0, 2));
      },
      async function* () {
        yield carry(...events.slice(2, 4));
        yield create(StreamRunEventsResponseSchema, { frame: { case: "reconnect", value: { afterMs: 5 } } });
      },
      async function* () {
        yield carry(...events.slice(3));
        yield end(6);
      },
    );
    expect(await collect(server.run.events())).toEqual(events);
    expect(server.asked.map(({ after }) => after)).toEqual(["", tokenAfter(2), tokenAfter(4)]);
    expect(server.asked[0]?.authorization).toBe("Bearer secret");
  });

  it("resumes when the connection is cut in the middle", async () => {
    await using server = await serve(
      async function* () {
        yield carry(...events.slice(0, 3));
        await new Promise((resolve) => setTimeout(resolve, 20));
        server.closeConnections();
      },
      async function* () {
        yield carry(...events.slice(3));
        yield end(6);
      },
    );
    expect((await collect(server.run.events())).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("throws the reason the service gave, and goes on from the earliest token where it was asked to", async () => {
    const refuse: Connection = async function* ({ resumeToken }) {
      if (resumeToken === tokenAfter(4)) {
        yield carry(...events.slice(4));
        yield end(6);
        return;
      }
      const value = { reason: "DIVERGED", domain: "clew", metadata: { earliest: tokenAfter(4) } };
      throw new ConnectError("The history is another.", Code.OutOfRange, undefined, [{ desc: ErrorInfoSchema, value }]);
    };
    await using server = await serve(refuse);
    await expect(collect(server.run.events({ after: "c1.old" }))).rejects.toMatchObject({
      name: "Fault",
      reason: "DIVERGED",
      message: "The history is another.",
      details: { earliest: tokenAfter(4) },
    });
    expect((await collect(server.run.events({ after: "c1.old", onReset: "continue" }))).map(({ sequence }) => sequence)).toEqual([5, 6]);
  });

  it("passes filters on, and tells when nobody answers", async () => {
    const server = await serve(async function* () {
      yield end(6);
    });
    await collect(server.run.events({ types: ["runFinished"] }));
    expect(server.asked[0]?.types).toEqual(["runFinished"]);
    await server[Symbol.asyncDispose]();
    await expect(collect(server.run.events())).rejects.toMatchObject({ reason: "GATEWAY_UNREACHABLE" });
  });
});
