import type { EventTransport, Frame } from "@clew/client/event-transport";
import { follow } from "@clew/client/follow";
import { createGateway } from "@clew/client/gateway";
import { isRunEvent } from "@clew/client/run-event";
import { createSseTransport } from "@clew/client/transport-sse";
import { Fault } from "@clew/fault/fault";
import { parsePosition } from "@clew/journal-format/resume-token";
import { RunServiceService, type StreamRunEventsResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { SeenFrame } from "../history.ts";
import type { ReaderPlan } from "../plan.ts";
import { connectSimulated } from "../world/calls.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";
import { createSimulatedFetch, type HttpNetwork } from "./http.ts";
import { orchestratorAddress } from "./orchestrator.ts";
import type { Stage } from "./stage.ts";

/** What a reader's application keeps: it outlives its process. */
export interface Kept {
  after: string;
  finished: boolean;
}

/** Milliseconds an application waits before it begins anew after the client gave up. */
const againMs = 1_000;

/** Starts a program that follows a run to its end with the real client, from what it has kept. */
export function startReader(stage: Stage, http: HttpNetwork, name: string, plan: ReaderPlan, runId: string, kept: Kept): SimulatedProcess {
  const { world, note } = stage;
  return world.spawn(name, () => {
    const door = plan.door === "sse" ? sseTransport(http, plan.gateway) : grpcTransport(stage);
    const transport = seen(
      door,
      (connection, after) => note({ kind: "opened", reader: name, connection, after }),
      (connection, frame) => note({ kind: "frame", reader: name, connection, frame }),
      world,
    );
    const { signal } = new AbortController();
    void (async () => {
      while (!kept.finished) {
        try {
          const options = {
            after: kept.after,
            types: plan.types,
            signal,
            onReset: "continue",
            connectPatienceMs: 10_000,
            reconnectPatienceMs: 300_000,
          } as const;
          for await (const event of follow(transport, runId, options)) {
            // Applied and kept in one step: what the application makes of an event and its token are one transaction.
            kept.after = event.resumeToken;
            note({ kind: "applied", reader: name, sequence: event.sequence, token: event.resumeToken, type: event.type });
            if (plan.slowMs > 0) await world.sleep(plan.slowMs);
          }
          kept.finished = true;
          note({ kind: "finished", reader: name });
        } catch (error) {
          note({ kind: "gaveUp", reader: name, reason: Fault.from(error).reason });
          await world.sleep(againMs);
        }
      }
    })();
  });
}

function sseTransport(http: HttpNetwork, gateway: number): EventTransport {
  const fetch = createSimulatedFetch(http, "sse");
  return createSseTransport(
    createGateway({ url: `http://gateway-${gateway}`, authorization: async () => undefined, fetch, patienceMs: 10_000 }),
  );
}

function grpcTransport({ network }: Stage): EventTransport {
  return async function* ({ runId, after, types, signal }) {
    using client = connectSimulated(network, RunServiceService, orchestratorAddress, "grpc");
    for await (const response of client.streamRunEvents({ runId, resumeToken: after, types: [...types] }, { signal })) {
      const frame = frameOf(response);
      if (frame !== undefined) yield frame;
    }
  };
}

function frameOf({ resumeToken: token, frame }: StreamRunEventsResponse): Frame | undefined {
  switch (frame?.$case) {
    case "hello":
      return { kind: "hello", token, sequence: frame.value.sequence, heartbeatMs: frame.value.heartbeatMs };
    case "events":
      return { kind: "events", events: frame.value.events.filter((event) => isRunEvent(event)) };
    case "checkpoint":
      return { kind: "checkpoint", token };
    case "reconnect":
      return { kind: "later", afterMs: frame.value.afterMs, fault: new Fault("SHUTTING_DOWN") };
    case "end":
      return { kind: "end", lastSequence: frame.value.lastSequence };
    default:
      return undefined;
  }
}

/** Notes what a transport opens and brings. */
function seen(
  transport: EventTransport,
  onOpen: (connection: number, after: string) => void,
  onFrame: (connection: number, frame: SeenFrame) => void,
  world: object,
): EventTransport {
  return async function* (request) {
    const connection = nextConnection(world);
    onOpen(connection, request.after);
    for await (const frame of transport(request)) {
      onFrame(connection, toSeen(frame, request.runId));
      yield frame;
    }
  };
}

const counts = new WeakMap<object, number>();

function nextConnection(world: object): number {
  const count = (counts.get(world) ?? 0) + 1;
  counts.set(world, count);
  return count;
}

function toSeen(frame: Frame, runId: string): SeenFrame {
  const sequenceOf = (token: string) => {
    const position = parsePosition(token, runId);
    return position.kind === "token" ? position.sequence : undefined;
  };
  switch (frame.kind) {
    case "hello":
      return { kind: "hello", sequence: sequenceOf(frame.token) };
    case "checkpoint":
      return { kind: "checkpoint", sequence: sequenceOf(frame.token) };
    case "events":
      return { kind: "events", sequences: frame.events.map(({ sequence }) => sequence) };
    case "end":
      return { kind: "end", lastSequence: frame.lastSequence };
    case "reset":
      return { kind: "reset", sequence: sequenceOf(frame.earliest) };
    default:
      return { kind: frame.kind };
  }
}
