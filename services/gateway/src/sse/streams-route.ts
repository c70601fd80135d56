import { Fault, invalidRequest } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { queryOf } from "../http/query-of.ts";
import { wantedTypes } from "../hub/event-types.ts";
import { type Judge, type Judgement, judgeToken } from "../hub/judge.ts";
import { readRun } from "../hub/read-run.ts";
import { createJudge } from "../upstream/run-source.ts";
import { ManyRuns } from "./many-runs.ts";
import { goneMark, maxListLength, type PositionList, positionListOf } from "./position-list.ts";
import { type OpenedStream, serveSse } from "./serve.ts";
import { parseStreamQuery, type StreamQuery } from "./stream-query.ts";
import type { StreamRouteOptions } from "./stream-route.ts";
import { Turns } from "./turns.ts";

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

/** A run as it begins on a connection. */
interface Beginning extends RunReader {
  /** Where the reader stands in it. */
  readonly token: string;
  /** Where it is read from, or why nothing of it is left. */
  readonly start: Judgement | Fault;
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
  const beginnings = await Promise.all(readers.map((reader, index) => begin(reader, tokens[index] ?? "", patience)));
  if (asked.after !== "now" && beginnings.every(hasAll)) return undefined;
  const places = new Map(beginnings.map(({ runId, token }) => [runId, token]));
  if (list.format(places.values()).length > maxListLength)
    throw invalidRequest([{ field: "runs", rule: "items", message: "are too many for one position; name fewer" }]);
  const turns = new Turns(runs);
  return {
    onRoom: () => turns.ring(),
    async write(response) {
      const many = new ManyRuns(places, list, turns, response, options);
      if (lost !== undefined) many.reset(lost);
      using link = linkSignals(signal);
      const read = async ({ runId, judge, start }: Beginning) => {
        try {
          if (start instanceof Fault) throw start;
          const types = wantedTypes(asked.types, start.types);
          const [sink, bell] = [many.sink(runId), turns.bellOf(runId)];
          await readRun({ runId, start, types, decoded: false, sink, bell, judge, signal: link.signal }, options);
        } catch (error) {
          const fault = Fault.from(error);
          if (isGone(fault)) return many.lose(runId, fault);
          // It ends the connection, and with it all others.
          link.abort(fault);
          throw fault;
        }
      };
      const all = beginnings.map(read);
      await Promise.allSettled(all);
      await Promise.all(all);
      many.end();
    },
  };
}

/** Has the place in one run judged. A run that is gone ends nothing for a reader who had begun with it; one that was never there is refused. */
async function begin(reader: RunReader, token: string, patience: Parameters<typeof judgeToken>[2]): Promise<Beginning> {
  if (token === goneMark) return { ...reader, token, start: new Fault("EXPIRED") };
  try {
    const start = await judgeToken(reader.judge, token, patience);
    return { ...reader, token: start.place.token, start };
  } catch (error) {
    const fault = Fault.from(error);
    if (!isGone(fault) || token === "" || token === "now") throw fault;
    return { ...reader, token, start: fault };
  }
}

/** Whether there is nothing of a run that its reader was not told. */
function hasAll({ token, start }: Beginning): boolean {
  return start instanceof Fault ? token === goneMark : start.hasAll;
}

/** Whether nothing of a run is left to go on from. */
function isGone({ code, reason }: Fault): boolean {
  return code === "NOT_FOUND" || reason === "EXPIRED";
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
