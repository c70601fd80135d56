import { fromBinary, toJson } from "@bufbuild/protobuf";
import { connectGrpc } from "@clew/grpc/client";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { createParser } from "eventsource-parser";
import type { System } from "./system.ts";

/** Reads all events of a run to its end through one door, each as the JSON text of section 3. */
export type ReadAll = (system: System, runId: string) => Promise<readonly string[]>;

const patience = () => AbortSignal.timeout(60_000);

/** gRPC, with grpc-js against the orchestrator. */
export const readGrpc: ReadAll = async (system, runId) => {
  using client = connectGrpc(RunServiceService, system.orchestratorAddress);
  const lines: string[] = [];
  for await (const { frame } of client.streamRunEvents({ runId, resumeToken: "", types: [] }, { signal: patience() })) {
    if (frame?.$case === "events") {
      for (const event of frame.value.events) lines.push(jsonOf(RunEvent.encode(event).finish()));
    }
    if (frame?.$case === "end") return lines;
  }
  throw new Error("the stream closed without an end");
};

/** The Connect protocol, with the generated client against the gateway. */
export const readConnect: ReadAll = (system, runId) => readThrough(createConnectTransport({ baseUrl: system.url }), runId);

/** gRPC-Web, with the generated client against the gateway. */
export const readGrpcWeb: ReadAll = (system, runId) => readThrough(createGrpcWebTransport({ baseUrl: system.url }), runId);

async function readThrough(transport: Parameters<typeof createClient>[1], runId: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { frame } of createClient(RunService, transport).streamRunEvents({ runId }, { signal: patience() })) {
    if (frame.case === "events")
      for (const event of frame.value.events) lines.push(JSON.stringify(toJson(RunEventSchema, event, { alwaysEmitImplicit: true })));
    if (frame.case === "end") return lines;
  }
  throw new Error("the stream closed without an end");
}

/** Server-sent events, raw. */
export const readSse: ReadAll = async (system, runId) => {
  const lines: string[] = [];
  let ended = false;
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === undefined) lines.push(data);
      if (event === "end") ended = true;
    },
  });
  const response = await fetch(`${system.url}/v1/runs/${runId}/stream`, { signal: patience() });
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(chunk);
  if (!ended) throw new Error("the stream closed without an end");
  return lines;
};

/** REST, page by page, waiting for more where there is none yet. */
export const readRest: ReadAll = async (system, runId) => {
  const lines: string[] = [];
  for (let after = ""; ; ) {
    const response = await fetch(`${system.url}/v1/runs/${runId}/events?limit=7&wait=10s&after=${after}`, { signal: patience() });
    const page: { events: unknown[]; nextResumeToken: string; finished: boolean } = await response.json();
    lines.push(...page.events.map((event) => JSON.stringify(event)));
    after = page.nextResumeToken;
    if (page.finished) return lines;
  }
};

/** REST, as one event a line. */
export const readLines: ReadAll = async (system, runId) => {
  const response = await fetch(`${system.url}/v1/runs/${runId}/events?limit=1000`, {
    headers: { accept: "application/x-ndjson" },
    signal: patience(),
  });
  return (await response.text()).split("\n").filter((line) => line !== "");
};

function jsonOf(bytes: Uint8Array): string {
  return JSON.stringify(toJson(RunEventSchema, fromBinary(RunEventSchema, bytes), { alwaysEmitImplicit: true }));
}
