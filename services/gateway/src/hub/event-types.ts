import type { Violation } from "@clew/fault/fault";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";

/** The names of all events there are. */
const eventTypes: ReadonlySet<string> = new Set(RunEventSchema.oneofs.flatMap(({ fields }) => fields.map(({ localName }) => localName)));

/** Names what is wrong with the types a reader asks for; a misspelt one would never come. */
export function typeViolations(types: readonly string[]): Violation[] {
  if (types.every((type) => eventTypes.has(type))) return [];
  return [{ field: "types", rule: "event_type", message: "must hold names of events, such as stepCompleted" }];
}

/** The types a reader gets: those asked for, of those allowed; nothing given means all. */
export function wantedTypes(asked: readonly string[], allowed: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (asked.length === 0) return allowed;
  return new Set(allowed === undefined ? asked : asked.filter((type) => allowed.has(type)));
}
