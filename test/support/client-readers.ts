import { type ClewOptions, createClew } from "@clew/client";
import { EventSource } from "eventsource";
import { createEventSource } from "eventsource-client";
import type { Delivery } from "./delivery.ts";
import type { Told } from "./told.ts";

/** Reads a run to its end with a client that reconnects by itself. What it gave its application stands as one connection. */
export type ClientReader = (url: string, runId: string, signal: AbortSignal) => Promise<Delivery>;

/** Our client, at one of its transports. */
export function readWithClew(transport: NonNullable<ClewOptions["transport"]>, patienceMs = 60_000): ClientReader {
  return (url, runId, signal) =>
    recorded(`@clew/client over ${transport}`, runId, [], async (tell) => {
      const clew = createClew({ url, transport, patienceMs });
      for await (const event of clew.run(runId).events({ signal })) tell(toldEvent(JSON.stringify(event)));
    });
}

/** Our client in poll mode: it holds nothing open, and yields the real `runFinished`. */
export const readByPolling: ClientReader = (url, runId, signal) =>
  recorded("@clew/client polling", runId, ["runFinished"], async (tell) => {
    const clew = createClew({ url, streaming: "poll", patienceMs: 60_000 });
    for await (const event of clew.run(runId).events({ signal })) tell(toldEvent(JSON.stringify(event)));
  });

/** npm `eventsource`, the WHATWG interface. */
export const readWithEventSource: ClientReader = (url, runId, signal) =>
  recorded("npm eventsource", runId, [], (tell) => {
    const source = new EventSource(`${url}/v1/runs/${runId}/stream`);
    return new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      source.addEventListener("message", ({ data }) => tell(toldEvent(data)));
      source.addEventListener("end", ({ data, lastEventId }) => {
        tell({ kind: "end", token: lastEventId, lastSequence: JSON.parse(data).lastSequence });
        resolve();
      });
      source.addEventListener("error", ({ code }) => {
        if (source.readyState !== source.CLOSED) return;
        // What it is told after its last event, where only the end was lost.
        if (code === 204) resolve(tell({ kind: "nothing" }));
        else reject(new Error(`it gave up for ever on status ${code}`));
      });
    }).finally(() => source.close());
  });

/** npm `eventsource-client`. */
export const readWithEventSourceClient: ClientReader = (url, runId, signal) =>
  recorded("npm eventsource-client", runId, [], (tell) => {
    let close = () => {};
    // What it did last: by itself it says nothing of its connections.
    const steps: string[] = [];
    const since = performance.now();
    const note = (step: string) => {
      steps.push(`${Math.round(performance.now() - since)} ms: ${step}`);
      if (steps.length > 12) steps.shift();
    };
    return new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error(`${signal.reason}; ${steps.join("; ")}`)), { once: true });
      const source = createEventSource({
        url: `${url}/v1/runs/${runId}/stream`,
        onMessage({ event, id = "", data }) {
          if (event === undefined) tell(toldEvent(data));
          else note(`${event} ${data.slice(0, 60)}`);
          if (event !== "end") return;
          tell({ kind: "end", token: id, lastSequence: JSON.parse(data).lastSequence });
          resolve();
        },
        onScheduleReconnect: ({ delay }) => note(`comes back in ${delay} ms`),
        async fetch(input, init) {
          const response = await fetch(input, init);
          note(`status ${response.status}`);
          if (response.status === 204) resolve(tell({ kind: "nothing" }));
          return response;
        },
      });
      close = () => source.close();
    }).finally(() => close());
  });

/** An event as its JSON tells it. */
export function toldEvent(json: string): Told {
  const { sequence, resumeToken: token, type } = JSON.parse(json);
  return { kind: "event", token, sequence, type, json };
}

async function recorded(
  reader: string,
  runId: string,
  types: readonly string[],
  read: (tell: (told: Told) => void) => Promise<unknown>,
): Promise<Delivery> {
  const told: Told[] = [];
  const delivery: Delivery = { reader, runId, types, connections: [{ after: "", told }], outcome: "reading" };
  try {
    await read((one) => told.push(one));
    delivery.outcome = "ended";
  } catch (thrown) {
    delivery.outcome = { gaveUp: String(thrown) };
  }
  return delivery;
}
