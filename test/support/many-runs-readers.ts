import { createClew } from "@clew/client";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { toldEvent } from "./client-readers.ts";
import type { Connection, Delivery } from "./delivery.ts";
import { Refusal, refusalOfResponse } from "./refusal.ts";
import type { Told } from "./told.ts";

/** How many runs are read over one connection. */
export interface ManyRunsReading {
  readonly url: string;
  readonly runIds: readonly string[];
  /** Makes a ticket for them, whenever one is needed. */
  readonly ticket: () => Promise<string>;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** Reads many runs to their ends. Answers what was told of each. */
export type ManyRunsReader = (reading: ManyRunsReading) => Promise<readonly Delivery[]>;

/** Milliseconds of silence after which a connection counts as dead; the service breaks it at least every 15 s. */
const silenceMs = 20_000;
const pauseMs = 100;

/** Our client, over `/v1/streams` with tickets. It reconnects by itself: what it gave its application stands as one connection. */
export const readManyWithClew: ManyRunsReader = async ({ url, runIds, ticket, signal }) => {
  const deliveries = deliveriesOf("@clew/client over /v1/streams", runIds, () => [{ after: "", told: [] }]);
  try {
    for await (const event of createClew({ url, ticket, patienceMs: 60_000 }).streams(runIds, { signal }))
      deliveries.get(event.runId)?.connections[0]?.told.push(toldEvent(JSON.stringify(event)));
    for (const delivery of deliveries.values()) delivery.outcome = "ended";
  } catch (thrown) {
    for (const delivery of deliveries.values()) delivery.outcome = { gaveUp: String(thrown) };
  }
  return [...deliveries.values()];
};

/** Raw server-sent events of `/v1/streams`, resumed with the last id over as many connections as it takes. It mends nothing. */
export const readManyStubbornly: ManyRunsReader = async ({ url, runIds, ticket, signal }) => {
  const deliveries = deliveriesOf("sse of many runs", runIds, () => []);
  const lastTokens = new Map<string, string>();
  const all = [...deliveries.values()];
  let position = "";
  while (!signal.aborted) {
    const connections = new Map<string, Connection>();
    for (const { runId, connections: earlier } of all) {
      const connection = { after: lastTokens.get(runId) ?? "", told: [] };
      connections.set(runId, connection);
      earlier.push(connection);
    }
    let waitMs = pauseMs;
    try {
      const query = new URLSearchParams({ runs: runIds.join(","), ticket: await ticket() });
      for await (const { id, event, data } of listen(`${url}/v1/streams?${query}`, position, signal)) {
        if (id !== undefined) position = id;
        const fields = JSON.parse(data);
        if (event === "reconnect" || event === "busy") waitMs = fields.afterMs;
        const told = toldBy(event, data, fields);
        const delivery = deliveries.get(fields.runId);
        if (told !== undefined) connections.get(fields.runId)?.told.push(told);
        if (told?.kind === "event") lastTokens.set(fields.runId, told.token);
        if (told?.kind === "end" && delivery !== undefined) delivery.outcome = "ended";
        if (event !== "end" || fields.runId !== undefined) continue;
        // The end of all tells nothing of a run whose end was told before.
        for (const each of all) each.outcome = "ended";
        return all;
      }
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.code !== "UNAVAILABLE" && thrown.code !== "RESOURCE_EXHAUSTED") {
        for (const each of all) if (each.outcome !== "ended") each.outcome = { gaveUp: thrown.message };
        return all;
      }
    }
    await delay(waitMs, { signal }).catch(() => {});
  }
  return all;
};

/** What one event of the stream says of a run; nothing where it says where the stream stands, or when to come back. */
function toldBy(
  event: string | undefined,
  data: string,
  fields: { runId?: string; reason?: string; lastSequence?: number },
): Told | undefined {
  if (event === undefined) return toldEvent(data);
  if (event === "reset") return { kind: "reset", token: "", reason: fields.reason ?? "" };
  if (event === "end" && fields.runId !== undefined) return { kind: "end", token: "", lastSequence: fields.lastSequence };
  return undefined;
}

/** Listens to one connection until it closes, breaks or falls silent. */
async function* listen(address: string, position: string, signal: AbortSignal): AsyncGenerator<EventSourceMessage, void, undefined> {
  using link = linkSignals(signal);
  let timer = setTimeout(() => link.abort(), silenceMs);
  try {
    const headers = { accept: "text/event-stream", ...(position === "" ? {} : { "last-event-id": position }) };
    const response = await fetch(address, { headers, signal: link.signal });
    // Whoever has everything is told only that.
    if (response.status === 204) return yield { id: undefined, event: "end", data: "{}" };
    if (response.status !== 200) throw await refusalOfResponse(response);
    const heard: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (message) => heard.push(message) });
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => link.abort(), silenceMs);
      parser.feed(text);
      yield* heard.splice(0);
    }
  } finally {
    clearTimeout(timer);
    link.abort();
  }
}

function deliveriesOf(reader: string, runIds: readonly string[], connections: () => Connection[]): ReadonlyMap<string, Delivery> {
  return new Map(
    runIds.map((runId) => [runId, { reader, runId, types: [], connections: connections(), outcome: "reading" } satisfies Delivery]),
  );
}
