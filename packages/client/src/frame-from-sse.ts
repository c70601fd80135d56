import { Fault } from "@clew/fault/fault";
import { isReason } from "@clew/fault/reasons";
import type { Frame } from "./event-transport.ts";
import { numberOf, textOf } from "./field-of.ts";
import type { SseMessage } from "./read-sse.ts";
import { isRunEvent } from "./run-event.ts";

/** Reads one server-sent event as a frame; undefined for kinds a newer service may send. Throws CONNECTION_LOST where it is not what the protocol says. */
export function frameFromSse({ event, id = "", data }: SseMessage): Frame | undefined {
  const value = parse(data);
  switch (event) {
    case undefined:
    case "message":
      if (!isRunEvent(value)) throw garbled();
      return { kind: "events", events: [value] };
    case "hello":
      return { kind: "hello", token: id, sequence: numberOf(value, "sequence"), heartbeatMs: numberOf(value, "heartbeatMs") ?? 0 };
    case "checkpoint":
      return { kind: "checkpoint", token: id };
    case "reconnect":
      return { kind: "later", afterMs: numberOf(value, "afterMs") ?? 0, fault: new Fault("SHUTTING_DOWN") };
    case "busy":
      return { kind: "later", afterMs: numberOf(value, "afterMs") ?? 0, fault: new Fault("READERS_FULL") };
    case "reset": {
      const reason = textOf(value, "reason") ?? "";
      const earliest = textOf(value, "earliest") ?? id;
      return { kind: "reset", earliest, fault: new Fault(isReason(reason) ? reason : "DIVERGED", { details: { earliest } }) };
    }
    case "ticketExpired":
      return { kind: "ticketExpired" };
    case "end":
      return { kind: "end", lastSequence: numberOf(value, "lastSequence") };
    default:
      return undefined;
  }
}

function parse(data: string): unknown {
  try {
    return data === "" ? {} : JSON.parse(data);
  } catch {
    throw garbled();
  }
}

function garbled(): Fault {
  return new Fault("CONNECTION_LOST", { message: "The stream carried something that is not an event of a run." });
}
