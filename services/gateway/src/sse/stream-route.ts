import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { queryOf } from "../http/query-of.ts";
import { Bell } from "../hub/bell.ts";
import { wantedTypes } from "../hub/event-types.ts";
import type { Events, Frame, Sink } from "../hub/frame.ts";
import { judgeToken } from "../hub/judge.ts";
import { type ReadOptions, readRun } from "../hub/read-run.ts";
import { createJudge } from "../upstream/run-source.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { renderFrame } from "./render.ts";
import { type ServeOptions, serveSse } from "./serve.ts";
import type { SseResponse } from "./sse-response.ts";
import { parseStreamQuery } from "./stream-query.ts";

/** What the SSE door needs. */
export interface StreamRouteOptions extends ServeOptions, ReadOptions {
  readonly upstream: Upstream;
  /** Told of each reader whose history is gone. */
  readonly onReset: () => void;
}

const parameters = ["after", "types", "ticket"];

/** Serves `GET /v1/runs/{run}/stream`. */
export async function serveRunStream(request: Caller, reply: FastifyReply, runId: string, options: StreamRouteOptions): Promise<void> {
  const asked = parseStreamQuery(queryOf(request.url), request.headers["last-event-id"], parameters);
  const judge = createJudge(options.upstream, runId, toCallHeaders(request, asked.ticket));
  const open = async (signal: AbortSignal) => {
    const start = await judgeToken(judge, asked.after, { clock: options.clock, patienceMs: options.limits.openMs, signal });
    if (start.hasAll && asked.after !== "now") return undefined;
    const types = wantedTypes(asked.types, start.types);
    const bell = new Bell();
    return {
      onRoom: bell.ring,
      write: (response: SseResponse) => {
        const sink = new RunSink(runId, response, options.onReset);
        return readRun({ runId, start, types, decoded: false, sink, bell, judge, signal }, options);
      },
    };
  };
  return serveSse(reply, open, options);
}

/** Writes the frames of one run to its reader. */
class RunSink implements Sink {
  readonly #runId: string;
  readonly #response: SseResponse;
  readonly #onReset: () => void;

  constructor(runId: string, response: SseResponse, onReset: () => void) {
    this.#runId = runId;
    this.#response = response;
    this.#onReset = onReset;
  }

  get hasRoom(): boolean {
    return this.#response.hasRoom;
  }

  putEvents({ block, from, to }: Events): number {
    this.#response.write(block.sse(from, to));
    return to;
  }

  put(frame: Frame): void {
    if (frame.kind === "reset") this.#onReset();
    this.#response.write(renderFrame(this.#runId, frame));
  }
}
