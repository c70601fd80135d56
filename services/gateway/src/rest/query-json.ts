import type { JsonValue } from "@bufbuild/protobuf";
import { type DescField, ScalarType } from "@bufbuild/protobuf";
import type { Violation } from "@clew/fault/fault";
import { unknownName } from "./unknown-name.ts";

/**
 * Reads a query as the JSON of the fields it names. What cannot be read is left as the text it is, for the JSON's own check to name.
 *
 * Repeated fields may repeat; durations may be written `30`, `30s` or `500ms`.
 */
export function queryToJson(
  fields: readonly DescField[],
  query: URLSearchParams,
): { readonly json: Record<string, JsonValue>; readonly violations: Violation[] } {
  const json: Record<string, JsonValue> = {};
  const violations: Violation[] = [];
  for (const name of new Set(query.keys())) {
    const field = fields.find(({ jsonName }) => jsonName === name);
    const values = query.getAll(name);
    const [value = ""] = values;
    if (field === undefined)
      violations.push(
        unknownName(
          name,
          name,
          fields.map(({ jsonName }) => jsonName),
          "query parameter",
        ),
      );
    else if (field.fieldKind === "list") json[name] = values.map((text) => textToJson(field, text));
    else if (values.length > 1) violations.push({ field: name, rule: "once", message: "is given more than once" });
    else json[name] = textToJson(field, value);
  }
  return { json, violations };
}

function textToJson(field: DescField, text: string): JsonValue {
  if (field.message?.typeName === "google.protobuf.Duration") return readDuration(text);
  if (field.scalar === undefined || field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return text;
  if (field.scalar === ScalarType.BOOL) return text === "true" ? true : text === "false" ? false : text;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Writes `30`, `30s` and `500ms` as protobuf's JSON does. */
function readDuration(text: string): string {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(s|ms)?$/.exec(text);
  if (match?.[1] === undefined) return text;
  return match[2] === "ms" ? `${(Number(match[1]) / 1_000).toFixed(3)}s` : `${match[1]}s`;
}
