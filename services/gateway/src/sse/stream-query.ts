import { invalidRequest, type Violation } from "@clew/fault/fault";
import { unknownName } from "../rest/unknown-name.ts";

/** What the address of a stream says. */
export interface StreamQuery {
  /** A resume token, a plain sequence, `now`, or empty: from the first event. */
  readonly after: string;
  /** Only events of these types; empty: all. */
  readonly types: readonly string[];
  /** A short right to read, where no header can be sent. */
  readonly ticket: string | undefined;
}

const names = ["after", "types", "ticket"];

/** Reads a stream's query. The header `Last-Event-ID` wins over `after`: a reconnecting browser keeps the address it began with. */
export function parseStreamQuery(query: URLSearchParams, lastEventId: string | undefined): StreamQuery {
  const violations: Violation[] = [];
  for (const name of new Set(query.keys())) {
    if (!names.includes(name)) violations.push(unknownName(name, name, names, "query parameter"));
    else if (name !== "types" && query.getAll(name).length > 1)
      violations.push({ field: name, rule: "once", message: "is given more than once" });
  }
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  const types = query
    .getAll("types")
    .flatMap((list) => list.split(","))
    .filter((type) => type !== "");
  return { after: lastEventId || (query.get("after") ?? ""), types, ticket: query.get("ticket") ?? undefined };
}
