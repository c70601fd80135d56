import { toJson } from "@bufbuild/protobuf";
import { codes } from "@clew/fault/code";
import { Fault } from "@clew/fault/fault";
import { type RunEvent as RunEventMessage, RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { RunService, type StreamRunEventsResponse } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport as createConnectWebTransport } from "@connectrpc/connect-web";
import { cancelled } from "./cancelled.ts";
import type { EventTransport, Frame } from "./event-transport.ts";
import { faultFromWire } from "./fault-from-wire.ts";
import type { GatewayOptions } from "./gateway.ts";
import { isRunEvent, type RunEvent } from "./run-event.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Follows events over the Connect protocol, in binary; each event is turned into the JSON every door shows. */
export function createConnectTransport({
  url,
  authorization,
  fetch,
}: Pick<GatewayOptions, "url" | "authorization" | "fetch">): EventTransport {
  const client = createClient(
    RunService,
    createConnectWebTransport({ baseUrl: url, useBinaryFormat: true, fetch: unlessUnreachable(url, fetch) }),
  );
  return async function* openConnect({ runId, after, types, signal }): AsyncGenerator<Frame> {
    const bearer = await unlessAborted(authorization(), signal);
    const headers = new Headers(bearer === undefined ? [] : [["authorization", bearer]]);
    try {
      for await (const response of client.streamRunEvents({ runId, resumeToken: after, types: [...types] }, { signal, headers })) {
        const frame = frameFromConnect(response);
        if (frame !== undefined) yield frame;
      }
    } catch (thrown) {
      if (signal.aborted) throw cancelled(signal);
      throw thrown instanceof Fault ? thrown : faultFromConnect(ConnectError.from(thrown));
    }
  };
}

/** Reads a frame of the typed doors; undefined for kinds a newer service may send. */
function frameFromConnect({ resumeToken, frame }: StreamRunEventsResponse): Frame | undefined {
  switch (frame.case) {
    case "hello":
      return { kind: "hello", token: resumeToken, sequence: frame.value.sequence, heartbeatMs: frame.value.heartbeatMs };
    case "events":
      return { kind: "events", events: frame.value.events.map(toRunEvent) };
    case "checkpoint":
      return { kind: "checkpoint", token: resumeToken };
    case "reconnect":
      return { kind: "later", afterMs: frame.value.afterMs, fault: new Fault("SHUTTING_DOWN") };
    case "end":
      return { kind: "end", lastSequence: frame.value.lastSequence };
    default:
      return undefined;
  }
}

function toRunEvent(message: RunEventMessage): RunEvent {
  const json = toJson(RunEventSchema, message, { alwaysEmitImplicit: true });
  if (!isRunEvent(json)) throw new Fault("CONNECTION_LOST", { message: "The stream carried something that is not an event of a run." });
  return json;
}

/** Reads an error of the Connect protocol. Without our ErrorInfo it was made on the way: the connection broke. */
function faultFromConnect(error: ConnectError): Fault {
  if (error.cause instanceof Fault) return error.cause;
  const info = error.findDetails(ErrorInfoSchema)[0];
  if (info === undefined) return faultOfCode(error);
  const code = Object.entries(codes).find(([, { number }]) => number === Number(error.code))?.[0] ?? "UNKNOWN";
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  const wait = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return faultFromWire({
    code,
    reason: info.reason,
    message: error.rawMessage,
    details: info.metadata,
    violations: violations.map(({ field, reason, description }) => ({ field, rule: reason, message: description })),
    retryAfterMs: wait === undefined ? undefined : Number(wait.seconds) * 1000 + wait.nanos / 1_000_000,
  });
}

function faultOfCode(error: ConnectError): Fault {
  switch (error.code) {
    case Code.Unauthenticated:
      return new Fault("KEY_INVALID", { cause: error });
    case Code.PermissionDenied:
      return new Fault("NOT_PERMITTED", { cause: error });
    case Code.Unimplemented:
      return new Fault("ROUTE_NOT_FOUND", { cause: error });
    default:
      return new Fault("CONNECTION_LOST", { cause: error });
  }
}

function unlessUnreachable(url: string, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (cause) {
      if (init?.signal?.aborted) throw cause;
      throw new Fault("GATEWAY_UNREACHABLE", {
        message: `No gateway answers at ${url}. Is \`npm start\` running? CLEW_URL says where it is looked for.`,
        cause,
      });
    }
  };
}
