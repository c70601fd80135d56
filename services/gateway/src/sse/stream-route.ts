import { Run_State } from "@clew/proto/connect/clew/run/v1/run_pb";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { queryOf } from "../http/query-of.ts";
import { renameViolations } from "../rest/rename-violations.ts";
import { faultFromConnect } from "../upstream/fault-from-connect.ts";
import type { FollowRequest, RunFollower } from "../upstream/run-follower.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type FollowOptions, keepFollowing } from "./keep-following.ts";
import { type ServeOptions, serveSse } from "./serve.ts";
import { parseStreamQuery } from "./stream-query.ts";

/** What the SSE door of one run needs. */
export interface StreamRouteOptions extends ServeOptions, Omit<FollowOptions, "signal"> {
  readonly upstream: Upstream;
  readonly follower: RunFollower;
}

const terminal: ReadonlySet<Run_State> = new Set([Run_State.COMPLETED, Run_State.FAILED, Run_State.TIMED_OUT, Run_State.TERMINATED]);

/** Serves `GET /v1/runs/{run}/stream`. */
export async function serveRunStream(request: Caller, reply: FastifyReply, runId: string, options: StreamRouteOptions): Promise<void> {
  const lastEventId = request.headers["last-event-id"];
  const { after, types, ticket } = parseStreamQuery(queryOf(request.url), typeof lastEventId === "string" ? lastEventId : undefined);
  const follow: FollowRequest = { runId, token: after, types, headers: toCallHeaders(request, ticket) };
  if (await hasAll(follow, options.upstream)) return void reply.code(204).header("cache-control", "no-store").send();
  try {
    await serveSse(reply, (signal) => keepFollowing(options.follower, follow, { ...options, signal }), options);
  } catch (error) {
    throw renameViolations(faultFromConnect(error), (field) => (field === "resumeToken" ? "after" : field));
  }
}

/** Whether the reader has the last event of a run that is over: only 204 tells an EventSource to stay away. */
async function hasAll({ runId, token, headers }: FollowRequest, upstream: Upstream): Promise<boolean> {
  if (token === "" || token === "now") return false;
  try {
    const { run } = await upstream.unary(RunService.method.getRun, { runId }, { headers, timeoutMs: 5_000 });
    return run !== undefined && terminal.has(run.state) && (token === run.resumeToken || token === String(run.lastSequence));
  } catch {
    // The stream itself says what is wrong, in the way its readers understand.
    return false;
  }
}
