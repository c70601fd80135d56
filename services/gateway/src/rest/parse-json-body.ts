import type { JsonValue } from "@bufbuild/protobuf";
import { invalidRequest } from "@clew/fault/fault";

/**
 * Reads a JSON body; an empty one is `{}`.
 *
 * @throws Fault INVALID_REQUEST that says where the text stops being JSON, without quoting it.
 */
export function parseJsonBody(bytes: Uint8Array): JsonValue {
  if (bytes.byteLength === 0) return {};
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidRequest([{ field: "body", rule: "json", message: "is not valid UTF-8" }]);
  }
  if (text.trim() === "") return {};
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (error) {
    const where = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : "")?.[0];
    throw invalidRequest([{ field: "body", rule: "json", message: `is not valid JSON${where === undefined ? "" : ` ${where}`}` }]);
  }
}
