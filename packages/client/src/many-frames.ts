import { Fault } from "@clew/fault/fault";
import type { Frame } from "./event-transport.ts";
import { numberOf, textOf } from "./field-of.ts";
import { frameFromSse } from "./frame-from-sse.ts";
import type { Gateway } from "./gateway.ts";
import { readSse } from "./read-sse.ts";
import type { RunEvent } from "./run-event.ts";

/** What a connection to the events of many runs carries; `id` is the reader's position in all of them. */
export type ManyFrame =
  | Exclude<Frame, { readonly kind: "hello" | "events" | "checkpoint" | "reset" | "end" }>
  /** The first of each run on each connection: the sequence at which the reader stands in it. */
  | (Omit<Extract<Frame, { readonly kind: "hello" }>, "token"> & { readonly id: string; readonly runId: string })
  | { readonly kind: "checkpoint"; readonly id: string }
  | { readonly kind: "event"; readonly id: string; readonly event: RunEvent }
  /** A position is not one of this history: that of one run, or, without `runId`, the whole list. */
  | { readonly kind: "reset"; readonly id: string; readonly runId: string | undefined; readonly fault: Fault }
  | { readonly kind: "runEnd"; readonly id: string; readonly runId: string; readonly lastSequence: number }
  /** Every run is over and was shown to its end, after an end of each. */
  | { readonly kind: "end" }
  /** The position given is the end of every run: nothing more is said. */
  | { readonly kind: "complete" };

/** What to open. */
export interface ManyRequest {
  readonly runIds: readonly string[];
  /** The position the service gave last; empty: from each run's first event. */
  readonly after: string;
  readonly types: readonly string[];
  /** Ends the connection. */
  readonly signal: AbortSignal;
}

/** Opens one connection to the events of many runs and yields its frames. */
export async function* openMany(gateway: Gateway, { runIds, after, types, signal }: ManyRequest): AsyncGenerator<ManyFrame> {
  const query = { runs: runIds.join(","), types: types.length > 0 ? types.join(",") : undefined };
  for await (const brought of readSse(gateway, { path: "/v1/streams", query, after, signal })) {
    if (brought.kind === "complete" || brought.kind === "retry") yield brought;
    else {
      const { id = "", data } = brought.message;
      const frame = frameFromSse(brought.message);
      if (frame !== undefined) yield* toMany(frame, id, data);
    }
  }
}

function* toMany(frame: Frame, id: string, data: string): Generator<ManyFrame> {
  switch (frame.kind) {
    case "hello":
      return yield {
        kind: "hello",
        id,
        runId: textOf(JSON.parse(data), "runId") ?? "",
        sequence: frame.sequence,
        heartbeatMs: frame.heartbeatMs,
      };
    case "checkpoint":
      return yield { kind: "checkpoint", id };
    case "events":
      for (const event of frame.events) yield { kind: "event", id, event };
      return;
    case "reset": {
      const runId = textOf(JSON.parse(data), "runId");
      const details = { ...frame.fault.details, ...(runId === undefined ? {} : { runId }) };
      return yield { kind: "reset", id, runId, fault: new Fault(frame.fault.reason, { details }) };
    }
    case "end": {
      const value: unknown = JSON.parse(data === "" ? "{}" : data);
      const runId = textOf(value, "runId");
      return yield runId === undefined
        ? { kind: "end" }
        : { kind: "runEnd", id, runId, lastSequence: numberOf(value, "lastSequence") ?? 0 };
    }
    default:
      return yield frame;
  }
}
