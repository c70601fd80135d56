import type * as proto from "@clew/proto/connect/clew/run/v1/run_event_pb";
import type { Json } from "./json.ts";

type Payloads = { [P in Extract<proto.RunEvent["payload"], { case: string }> as P["case"]]: P["value"] };

/** The name of a payload, such as `stepCompleted`. */
export type RunEventType = keyof Payloads;

type Envelope = Omit<Json<proto.RunEvent, proto.RunEventJson>, RunEventType | "type" | "time"> & { readonly time: string };

/**
 * An event of a run, as a union on `type`: `if (event.type === "stepCompleted") event.stepCompleted.success`.
 *
 * A newer service may send types this client does not know; show their `summary`.
 */
export type RunEvent = {
  [T in RunEventType]: Envelope & { readonly type: T } & { readonly [K in T]: Json<Payloads[K], NonNullable<proto.RunEventJson[K]>> };
}[RunEventType];

/** Whether a value has what every event has; the payload is taken as the service sent it. */
export function isRunEvent(value: unknown): value is RunEvent {
  return (
    typeof value === "object" &&
    value !== null &&
    "runId" in value &&
    typeof value.runId === "string" &&
    "sequence" in value &&
    typeof value.sequence === "number" &&
    Number.isSafeInteger(value.sequence) &&
    value.sequence > 0 &&
    "resumeToken" in value &&
    typeof value.resumeToken === "string" &&
    "type" in value &&
    typeof value.type === "string"
  );
}
