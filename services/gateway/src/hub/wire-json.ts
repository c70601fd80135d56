import { type DescField, type DescMessage, fromBinary, ScalarType, toJsonString } from "@bufbuild/protobuf";
import { jsonOptions } from "./json-options.ts";
import type { Wire } from "./wire.ts";

/** Writes the JSON of messages of one type straight from their bytes on the wire, as `toJsonString` would from the message. */
export interface WireJson {
  /** The names of its fields in JSON, in JSON's order. */
  readonly names: readonly string[];
  /** Reads the JSON of each field of the message that ends here, in that order; nothing for a field that JSON leaves out. */
  read(wire: Wire, end: number): (string | undefined)[];
  /** Joins what `read` answered. */
  join(values: readonly (string | undefined)[]): string;
}

/** Reads one value and answers its JSON. */
type ReadValue = (wire: Wire) => string;

interface FieldPlan {
  readonly index: number;
  readonly read: ReadValue;
  readonly isList: boolean;
  readonly isMessage: boolean;
  /** Whether a list may come as one piece. */
  readonly isPackable: boolean;
  /** The other fields of its oneof, which it takes the place of. */
  readonly rivals: readonly number[];
}

const known = new WeakMap<DescMessage, WireJson>();

/** Makes the writer of a type; types with a JSON form of their own, or with maps, go by way of the message. */
export function wireJsonOf(desc: DescMessage): WireJson {
  return known.get(desc) ?? (isPlain(desc) ? planMessage(desc) : byMessage(desc));
}

function isPlain({ typeName, fields }: DescMessage): boolean {
  const isPlainField = (field: DescField) =>
    field.fieldKind !== "map" && (field.scalar === undefined || scalars[field.scalar] !== undefined);
  return !typeName.startsWith("google.protobuf.") && fields.every(isPlainField);
}

function wholeJson(desc: DescMessage, wire: Wire, start: number, end: number): string {
  wire.pos = end;
  return toJsonString(desc, fromBinary(desc, wire.slice(start, end)), jsonOptions);
}

function byMessage(desc: DescMessage): WireJson {
  const made: WireJson = { names: [""], read: (wire, end) => [wholeJson(desc, wire, wire.pos, end)], join: ([whole = ""]) => whole };
  known.set(desc, made);
  return made;
}

function planMessage(desc: DescMessage): WireJson {
  const sorted = desc.fields.toSorted((one, other) => one.number - other.number);
  const names = sorted.map(({ jsonName }) => jsonName);
  const keys = names.map((name) => `${JSON.stringify(name)}:`);
  const implicit = sorted.map(implicitJson);
  const plans: FieldPlan[] = [];
  const made: WireJson = {
    names,
    read(wire, end) {
      const start = wire.pos;
      const values = implicit.slice();
      while (wire.pos < end) {
        const tag = wire.uint32();
        const plan = plans[tag >>> 3];
        if (plan === undefined) wire.skip(tag & 7);
        else if (plan.isList) values[plan.index] = joinLists(values[plan.index], readItems(plan, wire, tag & 7));
        // A message that comes twice is to be merged, and nobody sends that: only the whole decoder can.
        else if (plan.isMessage && values[plan.index] !== undefined) return split(wholeJson(desc, wire, start, end), names);
        else {
          for (const rival of plan.rivals) values[rival] = undefined;
          values[plan.index] = plan.read(wire);
        }
      }
      return values;
    },
    join(values) {
      let text = "";
      for (let index = 0; index < values.length; index += 1) {
        const value = values[index];
        if (value !== undefined) text += (text === "" ? "{" : ",") + keys[index] + value;
      }
      return text === "" ? "{}" : `${text}}`;
    },
  };
  // Before its fields are looked at, so that a type may hold itself.
  known.set(desc, made);
  sorted.forEach((field, index) => {
    const rivals = field.oneof?.fields.flatMap((other) => (other === field ? [] : [sorted.indexOf(other)])) ?? [];
    const isMessage = field.message !== undefined;
    const isPackable = !isMessage && field.scalar !== ScalarType.STRING;
    plans[field.number] = { index, read: readValue(field), isList: field.fieldKind === "list", isMessage, isPackable, rivals };
  });
  return made;
}

function readItems({ read, isPackable }: FieldPlan, wire: Wire, wireType: number): string {
  if (!isPackable || wireType !== 2) return read(wire);
  const items: string[] = [];
  for (let end = wire.uint32() + wire.pos; wire.pos < end; ) items.push(read(wire));
  return items.join();
}

function joinLists(list = "[]", items: string): string {
  if (items === "") return list;
  return list === "[]" ? `[${items}]` : `${list.slice(0, -1)},${items}]`;
}

function split(whole: string, names: readonly string[]): (string | undefined)[] {
  const values = new Map<string, unknown>(Object.entries(JSON.parse(whole)));
  return names.map((name) => (values.has(name) ? JSON.stringify(values.get(name)) : undefined));
}

/** The JSON of a field that was not sent; nothing where JSON leaves it out. */
function implicitJson(field: DescField): string | undefined {
  if (field.fieldKind === "list") return "[]";
  if (field.presence !== implicitPresence) return undefined;
  if (field.enum !== undefined) return enumJson(field.enum, 0);
  return field.scalar === ScalarType.STRING ? '""' : field.scalar === ScalarType.BOOL ? "false" : "0";
}

/** `IMPLICIT` of google.protobuf.FeatureSet.FieldPresence. */
const implicitPresence = 2;

/** The scalars our JSON has; 64-bit integers, which JSON writes as texts, are not among them. */
const scalars: Partial<Record<ScalarType, ReadValue>> = {
  [ScalarType.STRING]: (wire) => wire.jsonText(),
  [ScalarType.BOOL]: (wire) => (wire.uint53() === 0 ? "false" : "true"),
  [ScalarType.UINT32]: (wire) => String(wire.uint32()),
  [ScalarType.INT32]: (wire) => String(wire.uint32() | 0),
  [ScalarType.DOUBLE]: (wire) => {
    const value = wire.double();
    return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
  },
};

function readValue(field: DescField): ReadValue {
  const { message, enum: described, scalar } = field;
  if (message !== undefined) return readMessage(message);
  if (described !== undefined) return (wire) => enumJson(described, wire.uint32() | 0);
  const read = scalar && scalars[scalar];
  if (read === undefined) throw new Error(`${field.toString()} has no JSON form here.`);
  return read;
}

function readMessage(desc: DescMessage): ReadValue {
  if (desc.typeName === "google.protobuf.Timestamp") return readTimestamp;
  const json = wireJsonOf(desc);
  return (wire) => {
    const length = wire.uint32();
    return json.join(json.read(wire, wire.pos + length));
  };
}

function enumJson({ value }: NonNullable<DescField["enum"]>, number: number): string {
  const name = value[number]?.name;
  return name === undefined ? String(number) : `"${name}"`;
}

/** Writes a google.protobuf.Timestamp: to the second, or with 3, 6 or 9 digits. */
function readTimestamp(wire: Wire): string {
  let seconds = 0;
  let nanos = 0;
  for (let end = wire.uint32() + wire.pos; wire.pos < end; ) {
    const tag = wire.uint32();
    if (tag === 0x08) seconds = wire.uint53();
    else if (tag === 0x10) nanos = wire.uint32();
    else wire.skip(tag & 7);
  }
  if (nanos % 1_000_000 === 0) {
    const text = new Date(seconds * 1_000 + nanos / 1_000_000).toISOString();
    return nanos === 0 ? `"${text.slice(0, -5)}Z"` : `"${text}"`;
  }
  const digits = String(nanos).padStart(9, "0");
  const second = new Date(seconds * 1_000).toISOString().slice(0, -5);
  return `"${second}.${nanos % 1_000 === 0 ? digits.slice(0, 6) : digits}Z"`;
}
