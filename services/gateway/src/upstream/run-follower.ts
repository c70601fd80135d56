import { RunService, type StreamRunEventsResponse } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { faultFromConnect } from "./fault-from-connect.ts";
import { only } from "./only.ts";
import type { Upstream } from "./upstream.ts";

/** Which events of which run, for whom. */
export interface FollowRequest {
  readonly runId: string;
  /** A resume token, a plain sequence, `now`, or empty: from the first event. */
  readonly token: string;
  /** Only events of these types; empty: all. */
  readonly types: readonly string[];
  /** Who asks. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the frames of a run come from. */
export interface RunFollower {
  /** Follows a run from after a token. Leaving the loop ends it. @throws Fault. */
  follow(request: FollowRequest, signal: AbortSignal): AsyncIterable<StreamRunEventsResponse>;
}

/** Follows runs by one stream of the orchestrator for each reader. */
export function createRunFollower(upstream: Upstream): RunFollower {
  return {
    async *follow({ runId, token, types, headers }, signal) {
      const request = { runId, resumeToken: token, types: [...types] };
      try {
        yield* upstream.stream(RunService.method.streamRunEvents, only(request), { headers, signal });
      } catch (error) {
        throw faultFromConnect(error, signal);
      }
    },
  };
}
