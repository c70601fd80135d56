import { invalidRequest } from "@clew/fault/fault";
import { runEventTypes } from "../runs/event-types.ts";

/** @throws Fault INVALID_REQUEST where one of `types` is not the name of an event. */
export function demandEventTypes(types: readonly string[]): void {
  if (types.every((type) => runEventTypes.has(type))) return;
  throw invalidRequest([{ field: "types", rule: "event_type", message: "must hold names of events, such as stepCompleted" }]);
}

/** Makes what tells the events that every one of some filters lets through; an empty filter lets all through. */
export function passing(...filters: readonly ReadonlySet<string>[]): (type: string) => boolean {
  return (type) => filters.every((types) => types.size === 0 || types.has(type));
}
