import { Fault, invalidRequest } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { queryOf } from "../http/query-of.ts";
import { Bell } from "../hub/bell.ts";
import { wantedTypes } from "../hub/event-types.ts";
import { type Judge, type Judgement, judgeToken } from "../hub/judge.ts";
import { readRun } from "../hub/read-run.ts";
import { createJudge } from "../upstream/run-source.ts";
import { ManyRuns } from "./many-runs.ts";
import { maxListLength, type PositionList, positionListOf } from "./position-list.ts";
import { type OpenedStream, serveSse } from "./serve.ts";
import { parseStreamQuery, type StreamQuery } from "./stream-query.ts";
import type { StreamRouteOptions } from "./stream-route.ts";

const maxRuns = 50;
const parameters = ["runs", "after", "types", "ticket"];

/** Serves `GET /v1/streams?runs=a,b,c`: many runs over one connection, each read as if it were alone. */
export async function serveManyStreams(request: Caller, reply: FastifyReply, options: StreamRouteOptions): Promise<void> {
  const asked = parseStreamQuery(queryOf(request.url), request.headers["last-event-id"], parameters);
  const runs = [...new Set(asked.runs)].sort();
  if (runs.length === 0 || runs.length > maxRuns)
    throw invalidRequest([{ field: "runs", rule: "items", message: `must name 1 to ${maxRuns} runs, as runs=a,b` }]);
  const headers = toCallHeaders(request, asked.ticket);
  const readers = runs.map((runId) => ({ runId, judge: createJudge(options.upstream, runId, headers) }));
  return serveSse(reply, (signal) => openMany(readers, asked, signal, options), options);
}

interface RunReader {
  readonly runId: string;
  readonly judge: Judge;
}

async function openMany(
  readers: readonly RunReader[],
  asked: StreamQuery,
  signal: AbortSignal,
  options: StreamRouteOptions,
): Promise<OpenedStream | undefined> {
  const runs = readers.map(({ runId }) => runId);
  const list = positionListOf(runs);
  const { tokens, lost } = placesOf(asked.after, runs, list);
  const patience = { clock: options.clock, patienceMs: options.limits.openMs, signal };
  const starts = await Promise.all(readers.map(({ judge }, index) => judgeToken(judge, tokens[index] ?? "", patience)));
  if (asked.after !== "now" && starts.every(({ hasAll }) => hasAll)) return undefined;
  if (list.format(starts.map(({ place }) => place.token)).length > maxListLength)
    throw invalidRequest([{ field: "runs", rule: "items", message: "are too many for one position; name fewer" }]);
  const bells = runs.map(() => new Bell());
  return {
    onRoom: () => {
      for (const bell of bells) bell.ring();
    },
    async write(response) {
      const tokensNow = new Map(starts.map(({ place }, index) => [runs[index] ?? "", place.token]));
      const many = new ManyRuns(tokensNow, list, response, options);
      if (lost !== undefined) many.reset(lost);
      using link = linkSignals(signal);
      const read = async ({ runId, judge }: RunReader, start: Judgement | undefined, bell: Bell | undefined) => {
        if (start === undefined || bell === undefined) return;
        const types = wantedTypes(asked.types, start.types);
        await readRun({ runId, start, types, decoded: false, sink: many.sink(runId), bell, judge, signal: link.signal }, options);
      };
      // One that fails ends the connection, and with it all others.
      const all = readers.map((reader, index) =>
        read(reader, starts[index], bells[index]).catch((error: unknown) => {
          link.abort(error);
          throw error;
        }),
      );
      await Promise.allSettled(all);
      await Promise.all(all);
      many.end();
    },
  };
}

/** Where each run is read on from: a position list of other runs counts for none of these. */
function placesOf(
  after: string,
  runs: readonly string[],
  list: PositionList,
): { readonly tokens: readonly string[]; readonly lost?: Fault } {
  if (after === "" || after === "now") return { tokens: runs.map(() => after) };
  const parsed = list.parse(after);
  if (parsed.kind === "tokens") return parsed;
  if (parsed.kind === "otherRuns") return { tokens: [], lost: new Fault("TOKEN_OF_ANOTHER_RUN") };
  throw new Fault("TOKEN_MALFORMED", {
    violations: [{ field: "after", rule: "token", message: "must be an id of this stream, exactly as it was received" }],
  });
}
