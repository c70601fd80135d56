import { type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { invalidRequest, type Violation } from "@clew/fault/fault";
import type { Binding } from "./bindings.ts";
import { jsonViolations } from "./json-violations.ts";
import { queryToJson } from "./query-json.ts";

/** What an HTTP request says to a binding. */
export interface RestRequest {
  /** The path's parts by the proto name of their field, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body; an empty one is `{}`. */
  readonly body: JsonValue | undefined;
  /** The `Idempotency-Key` header: the request's `request_id`. */
  readonly idempotencyKey?: string | undefined;
  /** A short right to read, in the query where no header can be sent. */
  readonly ticket?: string | undefined;
}

const requestId = "requestId";

/**
 * Makes the request message of an RPC from what an HTTP request says.
 *
 * @throws Fault INVALID_REQUEST with all that is wrong, each field named as the caller wrote it.
 */
export function transcode(binding: Binding, request: RestRequest): MessageShape<DescMessage> {
  const { method, body, pathFields, queryFields } = binding;
  const { json, violations } = queryToJson(queryFields, request.query);
  // A repeated parameter has no index where its caller wrote it.
  violations.push(...jsonViolations(method.input, json, "").map((found) => ({ ...found, field: found.field.replace(/\[\d+\]$/, "") })));
  for (const { name, jsonName } of pathFields) json[jsonName] = request.path[name] ?? "";
  if (request.idempotencyKey !== undefined && method.input.fields.some(({ jsonName }) => jsonName === requestId)) {
    if (json[requestId] !== undefined && json[requestId] !== request.idempotencyKey) {
      violations.push({ field: requestId, rule: "once", message: "differs from the Idempotency-Key header" });
    }
    json[requestId] = request.idempotencyKey;
  }
  const given = request.body === undefined ? {} : request.body;
  if (body === "*") {
    violations.push(
      ...jsonViolations(
        method.input,
        given,
        "",
        pathFields.map(({ jsonName }) => jsonName),
      ),
    );
    if (violations.length === 0) Object.assign(json, given);
  } else if (body?.message !== undefined) {
    violations.push(...jsonViolations(body.message, given, ""));
    json[body.jsonName] = given;
  } else if (typeof given !== "object" || given === null || Object.keys(given).length > 0) {
    violations.push({ field: "body", rule: "unknown", message: "is not taken here" });
  }
  throwAny(violations);
  try {
    return fromJson(method.input, json);
  } catch {
    throw invalidRequest([{ field: "body", rule: "type", message: "cannot be read" }]);
  }
}

/** Names a field of the request message as the caller of this binding wrote it. */
export function toCallersName(binding: Binding, field: string, request: Pick<RestRequest, "idempotencyKey">): string {
  if (field === requestId && request.idempotencyKey !== undefined) return "Idempotency-Key";
  if (typeof binding.body !== "object") return field;
  if (field === binding.body.jsonName) return "body";
  return field.startsWith(`${binding.body.jsonName}.`) ? field.slice(binding.body.jsonName.length + 1) : field;
}

function throwAny(violations: readonly Violation[]): void {
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
}
