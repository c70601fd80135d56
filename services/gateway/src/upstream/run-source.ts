import { Fault } from "@clew/fault/fault";
import {
  EncodedReadEventsResponseSchema,
  EncodedStreamRunEventsResponseSchema,
} from "@clew/proto/connect/clew/run/v1/encoded_run_event_pb";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { Judge } from "../hub/judge.ts";
import type { RunSource } from "../hub/run-source.ts";
import { faultFromConnect } from "./fault-from-connect.ts";
import { only } from "./only.ts";
import type { Upstream } from "./upstream.ts";

/** The same calls, with the events of their answers left encoded. */
const readEvents = { ...RunService.method.readEvents, output: EncodedReadEventsResponseSchema };
const streamRunEvents = { ...RunService.method.streamRunEvents, output: EncodedStreamRunEventsResponseSchema };

const readTimeoutMs = 15_000;
const judgeTimeoutMs = 5_000;

/** Reads runs from the orchestrator, as whom the headers name at the time. */
export function createRunSource(upstream: Upstream, toHeaders: () => Readonly<Record<string, string>>): RunSource {
  return {
    async readEvents(request, signal) {
      try {
        return await upstream.unary(readEvents, request, { headers: toHeaders(), signal, timeoutMs: readTimeoutMs });
      } catch (error) {
        throw toFault(error, signal);
      }
    },
    async *streamRunEvents(request, signal) {
      try {
        yield* upstream.stream(streamRunEvents, only(request), { headers: toHeaders(), signal });
      } catch (error) {
        throw toFault(error, signal);
      }
    },
  };
}

/** Asks the orchestrator whether whoever `headers` name may read a run on from a token, and where that is. */
export function createJudge(upstream: Upstream, runId: string, headers: Readonly<Record<string, string>>): Judge {
  return async (token, signal) => {
    let types: ReadonlySet<string> | undefined;
    let keyId: string | undefined;
    const onHeader = (answer: Headers) => {
      keyId = answer.get("clew-key-id") ?? undefined;
      const allowed = answer.get("clew-ticket-types");
      if (allowed !== null) types = new Set(allowed.split(",").map((type) => type.trim()));
    };
    try {
      const request = { runId, after: token, limit: 1 };
      const { resumeToken, sequence, tail, finished } = await upstream.unary(readEvents, request, {
        headers,
        signal,
        timeoutMs: judgeTimeoutMs,
        onHeader,
      });
      return { position: { sequence, token: resumeToken }, tail, hasAll: finished && sequence === tail, types, keyId };
    } catch (error) {
      throw toFault(error, signal);
    }
  };
}

/** Its deadlines are the gateway's own, not the reader's: an orchestrator that does not keep them does not answer. */
function toFault(error: unknown, signal: AbortSignal): Fault {
  const fault = faultFromConnect(error, signal);
  return fault.reason === "DEADLINE_EXCEEDED" && !signal.aborted ? new Fault("ORCHESTRATOR_UNAVAILABLE", { cause: error }) : fault;
}
