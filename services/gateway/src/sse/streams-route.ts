import { Fault, invalidRequest } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { queryOf } from "../http/query-of.ts";
import { wantedTypes } from "../hub/event-types.ts";
import { judgeToken } from "../hub/judge.ts";
import type { PatienceOptions } from "../hub/patience.ts";
import { readRun } from "../hub/read-run.ts";
import { createJudge } from "../upstream/run-source.ts";
import { ManyRuns } from "./many-runs.ts";
import { goneMark, maxListLength, type PositionList, positionListOf } from "./position-list.ts";
import { type Beginning, isGone, type RunReader, readMany } from "./read-many.ts";
import { isRefusal } from "./refusal.ts";
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

/** A run as it begins on a connection, and the token that stands for it in the position. */
interface Opening extends Beginning {
  readonly token: string;
  /** Whether there is nothing of it that the reader was not told. */
  readonly hasAll: boolean;
}

async function openMany(
  readers: readonly RunReader[],
  asked: StreamQuery,
  signal: AbortSignal,
  options: StreamRouteOptions,
): Promise<OpenedStream | undefined> {
  const runs = readers.map(({ runId }) => runId);
  const list = positionListOf(runs);
  const { tokens, lost } = tokensOf(asked.after, runs, list);
  const patience = { clock: options.clock, patienceMs: options.limits.openMs, signal };
  const openings = await Promise.all(
    readers.map((reader, index) => {
      const given = tokens[index] ?? "";
      return begin(reader, given, given !== "" && asked.after !== "now", patience);
    }),
  );
  const unread = openings.filter(({ hasAll }) => !hasAll);
  if (unread.length === 0) return undefined;
  const faults = unread.flatMap(({ start }) => (start instanceof Fault && !isGone(start) ? [start] : []));
  if (faults[0] !== undefined && faults.length === unread.length) throw faults[0];
  const positions = new Map(openings.map(({ runId, token }) => [runId, token]));
  if (list.format(positions.values()).length > maxListLength)
    throw invalidRequest([{ field: "runs", rule: "items", message: "are too many for one position; name fewer" }]);
  const turns = new Turns(runs);
  return {
    onRoom: () => turns.ring(),
    async write(response) {
      using many = new ManyRuns(positions, list, turns, response, options);
      if (lost !== undefined) many.reset(lost);
      using link = linkSignals(signal);
      await readMany(openings, {
        clock: options.clock,
        link,
        onUnexpected: options.onUnexpected,
        read({ runId, judge }, start) {
          const types = wantedTypes(asked.types, start.types);
          const [sink, bell] = [many.sink(runId), turns.bellOf(runId)];
          return readRun({ runId, start, types, decoded: false, sink, bell, judge, signal: link.signal }, options);
        },
        tokenOf: (runId) => many.tokenOf(runId),
        lose: (runId, gone) => many.lose(runId, gone),
      });
      many.end();
    },
  };
}

/**
 * Has the position in one run judged. A run that is gone, or cannot be read now, ends nothing for the others.
 *
 * @throws Fault where the reader is refused, or a run was never there.
 */
async function begin(reader: RunReader, given: string, hasBegun: boolean, patience: PatienceOptions): Promise<Opening> {
  if (given === goneMark) return { ...reader, token: given, start: new Fault("EXPIRED"), hasAll: true };
  try {
    const start = await judgeToken(reader.judge, given, patience);
    return { ...reader, token: start.position.token, start, hasAll: start.hasAll && given !== "now" };
  } catch (error) {
    patience.signal.throwIfAborted();
    const start = Fault.from(error);
    if (isGone(start) ? !hasBegun : isRefusal(start) || start.reason === "TICKET_EXPIRED") throw start;
    // A list has no empty tokens: after event 0 is the beginning too.
    return { ...reader, token: given === "" ? "0" : given, start, hasAll: false };
  }
}

/** Where each run is read on from: a position list of other runs counts for none of these. */
function tokensOf(
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
