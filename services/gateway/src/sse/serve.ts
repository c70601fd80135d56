import { Fault } from "@clew/fault/fault";
import type { FastifyReply } from "fastify";
import { comeBackMs, isPlannedEnd, type OpenStreams } from "../http/open-streams.ts";
import { requestSignal } from "../http/request-signal.ts";
import { takeOver } from "../http/take-over.ts";
import type { OnUnexpected } from "../http/unexpected.ts";
import type { Clock } from "../hub/clock.ts";
import { encodeSse } from "./encode.ts";
import { isRefusal } from "./refusal.ts";
import { renderFarewell, renderGone } from "./render.ts";
import { SseResponse } from "./sse-response.ts";
import type { TurnEnd } from "./turn-end.ts";

/** The headers of every event stream: nothing on the way may keep, change or collect it. */
export const sseHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
  // A connection that carried a stream for an hour is worth nothing to the next request, and would keep a gateway that stops from closing.
  connection: "close",
} as const;

/** What serving a stream needs. */
export interface ServeOptions {
  readonly streams: OpenStreams;
  readonly clock: Clock;
  /** Milliseconds a reader may take nothing while bytes wait for it; then it is disconnected, and `onStall` told. */
  readonly stallMs: number;
  readonly onStall: () => void;
  /** When what is written to readers goes out. */
  readonly turnEnd: TurnEnd;
  /** Told of each word that sends a reader away, or of a lost history. */
  readonly onFarewell: (kind: Farewell) => void;
  /** Told of whatever ends a stream early: its reader is only told to come back. */
  readonly onUnexpected: OnUnexpected;
}

/** Why a reader is sent away in-band. */
export type Farewell = "busy" | "reconnect" | "ticketExpired";

/** A stream whose reader was let in. */
export interface OpenedStream {
  /** Called when the response has room again. */
  readonly onRoom: () => void;
  /** Writes all of it. @throws Fault where it must end early. */
  write(response: SseResponse): Promise<void>;
}

/** A page with an expired ticket must open its stream anew, with another one; one whose run is gone has nothing to come back for. */
const expiredRetryMs = 3_600_000;

/**
 * Serves server-sent events to a reader, no faster than it takes them, until they end, the reader leaves, or it is sent away.
 *
 * `open` lets the reader in, before anything is written; nothing means that it has all there will ever be.
 *
 * @throws Fault where it is not let in, and a native EventSource may stay away for ever; whatever it should come back for is said in-band.
 */
export async function serveSse(
  reply: FastifyReply,
  open: (signal: AbortSignal) => Promise<OpenedStream | undefined>,
  { streams, clock, stallMs, onStall, turnEnd, onFarewell, onUnexpected }: ServeOptions,
): Promise<void> {
  const sayFarewell = (kind: Farewell, fault: Fault) => {
    onFarewell(kind);
    return renderFarewell(kind, kind === "ticketExpired" ? expiredRetryMs : (fault.retryAfterMs ?? comeBackMs(clock)));
  };
  const respond = (onRoom: () => void) => {
    // Its end is said in-band, and its connection with it: chunks around each event would cost every delivery a fifth of its time.
    if (reply.raw.req.httpVersionMajor < 2) reply.raw.useChunkedEncodingByDefault = false;
    const response = new SseResponse(takeOver(reply, 200, sseHeaders), { onRoom, stallMs, onStall, turnEnd });
    response.write(encodeSse({ retryMs: 1_500 + 3_000 * clock.random() }));
    return response;
  };
  using link = requestSignal(reply.raw);
  try {
    using _open = streams.enter(link, "sse");
    const stream = await open(link.signal);
    // Only this tells an EventSource to stay away.
    if (stream === undefined) return void reply.code(204).header("cache-control", "no-store").send();
    const response = respond(stream.onRoom);
    try {
      await stream.write(response);
      response.end();
    } catch (error) {
      onUnexpected(error);
      const fault = Fault.from(error);
      if (fault.reason === "CANCELLED") response.end();
      else response.end(sayFarewell(fault.code === "RESOURCE_EXHAUSTED" ? "busy" : "reconnect", fault));
    }
  } catch (error) {
    const fault = Fault.from(error);
    const hasLeft = link.signal.aborted && fault.reason === "CANCELLED";
    if (hasLeft || isRefusal(fault)) throw fault;
    onUnexpected(error);
    respond(() => {}).end(fault.reason === "EXPIRED" ? renderGone(fault.reason, expiredRetryMs) : sayFarewell(farewellOf(fault), fault));
  }
}

/** What a reader who is not let in is told in-band: whatever is wrong here may be right when it comes back. */
function farewellOf(fault: Fault): Farewell {
  if (fault.reason === "TICKET_EXPIRED") return "ticketExpired";
  return isPlannedEnd(fault) ? "reconnect" : "busy";
}
