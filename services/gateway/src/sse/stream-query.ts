import { invalidRequest, type Violation } from "@clew/fault/fault";
import { typeViolations } from "../hub/event-types.ts";
import { unknownName } from "../rest/unknown-name.ts";

/** What the address of a stream says. */
export interface StreamQuery {
  /** Where to go on: a resume token, a plain sequence, `now`, or empty: from the first event. */
  readonly after: string;
  /** Only events of these types; empty: all. */
  readonly types: readonly string[];
  /** A short right to read, where no header can be sent. */
  readonly ticket: string | undefined;
  /** The runs, where the path names none. */
  readonly runs: readonly string[];
}

/**
 * Reads a stream's query. The header `Last-Event-ID` wins over `after`: a reconnecting browser keeps the address it began with.
 *
 * @throws Fault INVALID_REQUEST for what is unknown, given twice, or no event's type.
 */
export function parseStreamQuery(query: URLSearchParams, lastEventId: unknown, names: readonly string[]): StreamQuery {
  const list = (name: string) =>
    query
      .getAll(name)
      .flatMap((text) => text.split(","))
      .filter((entry) => entry !== "");
  const violations: Violation[] = [];
  for (const name of new Set(query.keys())) {
    if (!names.includes(name)) violations.push(unknownName(name, name, names, "query parameter"));
    else if (name !== "types" && name !== "runs" && query.getAll(name).length > 1)
      violations.push({ field: name, rule: "once", message: "is given more than once" });
  }
  const types = list("types");
  const [first, ...others] = [...violations, ...typeViolations(types)];
  if (first !== undefined) throw invalidRequest([first, ...others]);
  const after = (typeof lastEventId === "string" && lastEventId) || (query.get("after") ?? "");
  return { after, types, ticket: query.get("ticket") ?? undefined, runs: list("runs") };
}
