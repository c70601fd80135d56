import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Connection, Delivery } from "./delivery.ts";
import { Refusal } from "./refusal.ts";
import type { Door, Doorway, Told } from "./told.ts";

/** How a stubborn reader reads. */
export interface StubbornReading {
  readonly runId: string;
  readonly types?: readonly string[];
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Milliseconds of silence after which a connection counts as dead; the service breaks it at least every 15 s. */
  readonly silenceMs?: number;
  /** Milliseconds between two connections. */
  readonly pauseMs?: number;
}

/**
 * Reads a run to its end through one door, over as many connections as that takes, each resumed with the last token it was told.
 *
 * It applies whatever it is told and mends nothing, so that what it heard can be checked.
 */
export async function readStubbornly(door: Door, at: Doorway, reading: StubbornReading): Promise<Delivery> {
  const { runId, types = [], signal, pauseMs = 100 } = reading;
  const delivery: Delivery = {
    reader: `${door.name}${types.length > 0 ? ` (${types.join(", ")})` : ""}`,
    runId,
    types,
    connections: [],
    outcome: "reading",
  };
  let token = "";
  while (!signal.aborted) {
    const connection: Connection = { after: token, told: [] };
    delivery.connections.push(connection);
    let waitMs = pauseMs;
    try {
      for await (const told of listen(door, at, token, reading)) {
        connection.told.push(told);
        if (told.kind === "end" || told.kind === "nothing") {
          delivery.outcome = "ended";
          return delivery;
        }
        if (told.kind === "later") waitMs = told.afterMs;
        else token = told.token;
      }
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.code !== "UNAVAILABLE" && thrown.code !== "RESOURCE_EXHAUSTED") {
        delivery.outcome = { gaveUp: thrown.message };
        return delivery;
      }
    }
    await delay(waitMs, { signal }).catch(() => {});
  }
  return delivery;
}

/** Listens to one connection until it closes, breaks or falls silent. */
async function* listen(
  door: Door,
  at: Doorway,
  after: string,
  { runId, types, signal, silenceMs = 20_000 }: StubbornReading,
): AsyncGenerator<Told, void, undefined> {
  using link = linkSignals(signal);
  let timer = setTimeout(() => link.abort(), silenceMs);
  try {
    const ask = { runId, ...(after === "" ? {} : { after }), ...(types === undefined ? {} : { types }), signal: link.signal };
    for await (const told of door.follow(at, ask)) {
      clearTimeout(timer);
      timer = setTimeout(() => link.abort(), silenceMs);
      yield told;
    }
  } finally {
    clearTimeout(timer);
    link.abort();
  }
}
