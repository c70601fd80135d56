import type { ServerResponse } from "node:http";
import { Fault } from "@clew/fault/fault";
import { defaultStreamLimits, OpenStreams } from "@clew/gateway/http/open-streams";
import { Hub } from "@clew/gateway/hub/hub";
import { defaultHubLimits } from "@clew/gateway/hub/limits";
import { systemClock } from "@clew/gateway/hub/system-clock";
import { serveRunStream } from "@clew/gateway/sse/stream-route";
import { TurnEnd } from "@clew/gateway/sse/turn-end";
import { createRunSource } from "@clew/gateway/upstream/run-source";
import type { SimulatedResponse } from "../world/simulated-response.ts";
import type { HttpNetwork } from "./http.ts";
import { openSimulatedUpstream } from "./simulated-upstream.ts";
import type { Stage } from "./stage.ts";

/** A running gateway. */
export interface SimulatedGateway {
  /** Sends its readers away and closes, as SIGTERM does. */
  drain(): Promise<void>;
}

type Reply = Parameters<typeof serveRunStream>[1];

const closeMs = 3_000;

/** Starts a gateway: its SSE door and its hub are the real ones, its HTTP server and the way to the orchestrator are not. */
export function startSimulatedGateway(stage: Stage, http: HttpNetwork, address: string): SimulatedGateway {
  const { world } = stage;
  const upstream = openSimulatedUpstream(stage.network);
  // Few, and seldom old, so that small histories meet these bounds too.
  const limits = { ...defaultHubLimits, cacheBytes: world.random.pick([2_000, 64 * 1024]) };
  const streamLimits = {
    ...defaultStreamLimits,
    maxReaders: world.random.pick([1, 100, 100]),
    maxAgeMs: world.random.pick([5_000, 3_600_000]),
  };
  const onUnexpected = (thrown: unknown) => noteUnexpected(Fault.from(thrown), stage);
  const hub = new Hub({
    source: createRunSource(upstream, () => ({})),
    clock: systemClock,
    limits,
    watch: { gap() {}, reopened() {}, failed: onUnexpected },
  });
  const streams = new OpenStreams(streamLimits, systemClock, { inc() {}, dec() {} });
  const options = {
    upstream,
    hub,
    clock: systemClock,
    limits,
    streams,
    stallMs: 20_000,
    turnEnd: new TurnEnd(),
    onStall() {},
    onFarewell() {},
    onReset() {},
    onUnexpected,
  };
  const open = new Set<Promise<void>>();
  const listening = http.listen(address, (url, headers, response) => {
    const [, , , runId = ""] = url.split(/[/?]/);
    const request = { id: "request", url, headers };
    const served = serveRunStream(request, replyOf(response), runId, options).catch((error: unknown) =>
      refuse(response, Fault.from(error), stage),
    );
    open.add(served);
    void served.finally(() => open.delete(served));
  });
  return {
    async drain() {
      listening[Symbol.dispose]();
      streams.drain();
      await Promise.race([Promise.allSettled(open), world.sleep(closeMs)]);
      hub[Symbol.dispose]();
      upstream[Symbol.dispose]();
    },
  };
}

/** As much of a reply as the SSE door uses. */
function replyOf(raw: SimulatedResponse): Reply {
  let status = 200;
  const reply = {
    raw: raw as unknown as ServerResponse,
    hijack() {},
    getHeaders: () => ({}),
    code(given: number) {
      status = given;
      return reply;
    },
    header: () => reply,
    send() {
      raw.writeHead(status, {});
      raw.end();
    },
  };
  return reply as unknown as Reply;
}

function noteUnexpected({ reason, cause }: Fault, { note }: Stage): void {
  if (reason === "INTERNAL") note({ kind: "unexpected", process: "gateway", message: String(cause) });
}

function refuse(response: SimulatedResponse, fault: Fault, stage: Stage): void {
  const { code, reason, message, retryable, details } = fault;
  noteUnexpected(fault, stage);
  response.writeHead(fault.status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { code, reason, message, retryable, details } }));
}
