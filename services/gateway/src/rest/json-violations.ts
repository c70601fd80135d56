import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Violation } from "@clew/fault/fault";
import { shown, unknownName } from "./unknown-name.ts";

/** Free-form JSON may nest this deep. */
const maxDepth = 64;

/**
 * Lists everything that is wrong with a JSON value as a message of this type; empty when protobuf-es can read it.
 *
 * `path` is the value's own name, empty at the top. `reserved` are fields that the caller gives elsewhere. Values are never echoed, but for numbers
 * that are out of their bounds.
 */
export function jsonViolations(type: DescMessage, json: unknown, path: string, reserved: readonly string[] = []): Violation[] {
  const special = specialTypes[type.typeName];
  if (special !== undefined) return special(json, path);
  if (!isObject(json)) return [violation(path, "type", "must be an object")];
  const known = type.fields.filter(({ jsonName }) => !reserved.includes(jsonName));
  const knownNames = known.map(({ jsonName }) => jsonName);
  const given = new Map<string, string>();
  return Object.entries(json).flatMap(([name, value]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const field = known.find(({ jsonName }) => jsonName === name);
    if (reserved.includes(name)) return [violation(at, "elsewhere", "is given by the path")];
    if (field === undefined) return [unknownName(at, name, knownNames, "field")];
    if (value === null) return [];
    const group = field.oneof?.name;
    if (group !== undefined) {
      const other = given.get(group);
      if (other !== undefined) return [violation(at, "oneof", `cannot be given together with ${other}`)];
      given.set(group, name);
    }
    return fieldViolations(field, value, at);
  });
}

function fieldViolations(field: DescField, value: unknown, at: string): Violation[] {
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) return [violation(at, "type", "must be a list")];
    return value.flatMap((item, index) => singleViolations(field, item, `${at}[${index}]`));
  }
  if (field.fieldKind === "map") {
    if (!isObject(value)) return [violation(at, "type", "must be an object")];
    return Object.entries(value).flatMap(([key, item]) => {
      if (key === "__proto__") return [violation(`${at}.${key}`, "name", "cannot be a name")];
      return singleViolations(field, item, `${at}.${key}`);
    });
  }
  return singleViolations(field, value, at);
}

function singleViolations(
  type: { scalar: ScalarType | undefined; enum: DescEnum | undefined; message: DescMessage | undefined },
  value: unknown,
  at: string,
): Violation[] {
  if (type.message !== undefined) return jsonViolations(type.message, value, at);
  if (type.enum !== undefined) return enumViolations(type.enum, value, at);
  return type.scalar === undefined ? [] : scalarViolations(type.scalar, value, at);
}

function enumViolations(type: DescEnum, value: unknown, at: string): Violation[] {
  const names = type.values.filter(({ number }) => number !== 0).map(({ name }) => name);
  return typeof value === "string" && names.includes(value) ? [] : [violation(at, "enum", `must be one of ${names.join(", ")}`)];
}

function scalarViolations(type: ScalarType, value: unknown, at: string): Violation[] {
  switch (type) {
    case ScalarType.STRING:
      return typeof value === "string"
        ? value.isWellFormed()
          ? []
          : [violation(at, "text", "must be valid Unicode")]
        : [violation(at, "type", "must be a text")];
    case ScalarType.BOOL:
      return typeof value === "boolean" ? [] : [violation(at, "type", "must be true or false")];
    case ScalarType.BYTES:
      return typeof value === "string" && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value) ? [] : [violation(at, "type", "must be base64")];
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return typeof value === "number" && Number.isFinite(value) ? [] : [violation(at, "type", "must be a number")];
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      if (isWhole(value, 0, 4_294_967_295)) return [];
      if (typeof value !== "number") return [violation(at, "type", "must be a whole number, 0 or more")];
      return [
        violation(at, "range", `must be a whole number, ${value > 4_294_967_295 ? "at most 4294967295" : "0 or more"}, not ${value}`),
      ];
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      if (isWhole(value, -2_147_483_648, 2_147_483_647)) return [];
      if (typeof value !== "number") return [violation(at, "type", "must be a whole number")];
      return [violation(at, "range", `must be a whole number from -2147483648 to 2147483647, not ${value}`)];
    default:
      return isWhole(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) ? [] : [violation(at, "type", "must be a whole number")];
  }
}

const specialTypes: Readonly<Record<string, (json: unknown, path: string) => Violation[]>> = {
  "google.protobuf.Struct": (json, path) =>
    isObject(json) ? freeViolations(json, path, 0) : [violation(path, "type", "must be an object")],
  "google.protobuf.Value": (json, path) => freeViolations(json, path, 0),
  "google.protobuf.Timestamp": (json, path) =>
    typeof json === "string" && isTimestamp(json) ? [] : [violation(path, "time", "must be a time such as 2026-01-31T12:00:00Z")],
  "google.protobuf.Duration": (json, path) =>
    typeof json === "string" && /^\d{1,9}(\.\d{1,9})?s$/.test(json) ? [] : [violation(path, "duration", "must be a duration such as 30s")],
};

function freeViolations(json: unknown, path: string, depth: number): Violation[] {
  if (typeof json !== "object" || json === null) {
    return typeof json === "string" && !json.isWellFormed() ? [violation(path, "text", "must be valid Unicode")] : [];
  }
  if (depth === maxDepth) return [violation(path, "depth", `must not nest deeper than ${maxDepth}`)];
  for (const [name, value] of Object.entries(json)) {
    const at = Array.isArray(json) ? `${path}[${name}]` : `${path}.${name}`;
    if (name === "__proto__") return [violation(at, "name", "cannot be a name")];
    const [found] = freeViolations(value, at, depth + 1);
    if (found !== undefined) return [found];
  }
  return [];
}

/** Whether a text is an RFC 3339 time from year 1 to 9999. */
function isTimestamp(text: string): boolean {
  return /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function violation(field: string, rule: string, message: string): Violation {
  return { field: shown(field === "" ? "body" : field), rule, message };
}
