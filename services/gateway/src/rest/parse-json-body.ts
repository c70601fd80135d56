import type { JsonValue } from "@bufbuild/protobuf";
import { invalidRequest } from "@clew/fault/fault";
import { repeatedNames } from "./repeated-names.ts";

/**
 * Reads a JSON body; an empty one is `{}`.
 *
 * @throws Fault INVALID_REQUEST that says where the text stops being JSON, or which names an object has twice, without quoting values.
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
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const where = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : "")?.[0];
    throw invalidRequest([{ field: "body", rule: "json", message: `is not valid JSON${where === undefined ? "" : ` ${where}`}` }]);
  }
  const [first, ...others] = repeatedNames(text);
  if (first !== undefined) throw invalidRequest([first, ...others]);
  return value;
}
