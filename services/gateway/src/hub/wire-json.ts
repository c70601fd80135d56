import { type DescField, type DescMessage, fromBinary, ScalarType, toJsonString } from "@bufbuild/protobuf";
import { type Phrase, phraseOf } from "./byte-writer.ts";
import { jsonOptions } from "./json-options.ts";
import type { JsonWriter } from "./json-writer.ts";
import type { Wire } from "./wire.ts";

/**
 * Writes the JSON of messages of one type straight from their bytes on the wire to bytes, as `toJsonString` would from the message. The wire may have
 * the fields in any order; so they are found first, and then written in the order JSON has them.
 */
export interface WireJson {
  /** The names of its fields in JSON, in JSON's order. */
  readonly names: readonly string[];
  /** Finds where the value of each field of the message that ends here begins, in that order; 0 for one that was not sent. Nothing where only the message itself tells. */
  find(wire: Wire, end: number): readonly number[] | undefined;
  /** Writes the JSON of the fields that were found in the message that ends here. */
  write(wire: Wire, places: readonly number[], end: number, out: JsonWriter): void;
}

/** Reads one value and writes its JSON. */
type WriteValue = (wire: Wire, out: JsonWriter) => void;

interface FieldPlan {
  readonly number: number;
  readonly index: number;
  /** Its name in JSON, as what comes after another field, and as what comes first. */
  readonly key: Phrase;
  readonly firstKey: Phrase;
  /** The JSON of it where it was not sent; nothing where JSON then leaves it out. */
  readonly implicit: Phrase | undefined;
  readonly write: WriteValue;
  readonly isList: boolean;
  readonly isMessage: boolean;
  /** Whether a list may come as one piece. */
  readonly isPackable: boolean;
  /** The other fields of its oneof, which it takes the place of. */
  readonly rivals: readonly number[];
}

const known = new WeakMap<DescMessage, WireJson>();
const [quote, openList, closeList, comma] = [0x22, 0x5b, 0x5d, 0x2c];
const noObject = phraseOf("{}");
const endObject = phraseOf("}");
const yes = phraseOf("true");
const no = phraseOf("false");

/** Makes the writer of a type. */
export function wireJsonOf(desc: DescMessage): WireJson {
  return known.get(desc) ?? planMessage(desc);
}

function planMessage(desc: DescMessage): WireJson {
  const sorted = desc.fields.toSorted((one, other) => one.number - other.number);
  const plans: FieldPlan[] = [];
  const byNumber: FieldPlan[] = [];
  const none = sorted.map(() => 0);
  const made: WireJson = {
    names: sorted.map(({ jsonName }) => jsonName),
    find(wire, end) {
      const places = none.slice();
      while (wire.pos < end) {
        const start = wire.pos;
        const tag = wire.uint32();
        const plan = byNumber[tag >>> 3];
        if (plan !== undefined) {
          const { index } = plan;
          if (plan.isList) places[index] ||= start + 1;
          // A message that comes twice is to be merged, and nobody sends that: only the whole decoder can.
          else if (plan.isMessage && places[index] !== 0) return undefined;
          else {
            for (const rival of plan.rivals) places[rival] = 0;
            places[index] = wire.pos;
          }
        }
        wire.skip(tag & 7);
      }
      return places;
    },
    write(wire, places, end, out) {
      let isFirst = true;
      for (const plan of plans) {
        const place = places[plan.index] ?? 0;
        if (place === 0 && plan.implicit === undefined) continue;
        out.phrase(isFirst ? plan.firstKey : plan.key);
        isFirst = false;
        if (place === 0) out.phrase(plan.implicit ?? noObject);
        else if (plan.isList) writeList(plan, wire, place - 1, end, out);
        else {
          wire.pos = place;
          plan.write(wire, out);
        }
      }
      out.phrase(isFirst ? noObject : endObject);
    },
  };
  // Before its fields are looked at, so that a type may hold itself.
  known.set(desc, made);
  for (const [index, field] of sorted.entries()) {
    const name = JSON.stringify(field.jsonName);
    const isMessage = field.message !== undefined;
    const plan: FieldPlan = {
      number: field.number,
      index,
      key: phraseOf(`,${name}:`),
      firstKey: phraseOf(`{${name}:`),
      implicit: implicitJson(field),
      write: writeValue(field),
      isList: field.fieldKind === "list",
      isMessage,
      isPackable: !isMessage && field.scalar !== ScalarType.STRING,
      rivals: field.oneof?.fields.flatMap((other) => (other === field ? [] : [sorted.indexOf(other)])) ?? [],
    };
    plans.push(plan);
    byNumber[field.number] = plan;
  }
  return made;
}

/** Writes the items of a list, which may lie anywhere from `start` on, apart or in pieces. */
function writeList({ number, write, isPackable }: FieldPlan, wire: Wire, start: number, end: number, out: JsonWriter): void {
  let before = openList;
  const item = () => {
    out.byte(before);
    before = comma;
    write(wire, out);
  };
  wire.pos = start;
  while (wire.pos < end) {
    const tag = wire.uint32();
    if (tag >>> 3 !== number) wire.skip(tag & 7);
    else if (!isPackable || (tag & 7) !== 2) item();
    else for (let last = wire.uint32() + wire.pos; wire.pos < last; ) item();
  }
  if (before === openList) out.byte(openList);
  out.byte(closeList);
}

/** The JSON of a field that was not sent; nothing where JSON leaves it out. */
function implicitJson(field: DescField): Phrase | undefined {
  if (field.fieldKind === "list") return phraseOf("[]");
  if (field.fieldKind === "map") return noObject;
  if (field.presence !== implicitPresence) return undefined;
  if (field.enum !== undefined) return phraseOf(enumJson(field.enum, 0));
  return field.scalar === ScalarType.STRING ? phraseOf('""') : field.scalar === ScalarType.BOOL ? no : phraseOf("0");
}

/** `IMPLICIT` of google.protobuf.FeatureSet.FieldPresence. */
const implicitPresence = 2;

/** The scalars our JSON has; 64-bit integers, which JSON writes as texts, are not among them. */
const scalars: Partial<Record<ScalarType, WriteValue>> = {
  [ScalarType.STRING]: writeText,
  [ScalarType.BOOL]: (wire, out) => out.phrase(wire.uint53() === 0 ? no : yes),
  [ScalarType.UINT32]: (wire, out) => out.decimal(wire.uint32()),
  [ScalarType.INT32]: (wire, out) => out.ascii(String(wire.uint32() | 0)),
  [ScalarType.DOUBLE]: (wire, out) => {
    const value = wire.double();
    out.ascii(Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`);
  },
};

function writeValue(field: DescField): WriteValue {
  const { message, enum: described, scalar } = field;
  if (message !== undefined) return writeMessage(message);
  if (described !== undefined) return (wire, out) => out.ascii(enumJson(described, wire.uint32() | 0));
  const write = scalar && scalars[scalar];
  if (write === undefined) throw new Error(`${field.toString()} has no JSON form here.`);
  return write;
}

function writeMessage(desc: DescMessage): WriteValue {
  if (desc.typeName === "google.protobuf.Timestamp") return writeTimestamp;
  const json = hasOwnForm(desc) ? undefined : wireJsonOf(desc);
  return (wire, out) => {
    const length = wire.uint32();
    const start = wire.pos;
    const end = start + length;
    const places = json?.find(wire, end);
    if (places === undefined) out.text(toJsonString(desc, fromBinary(desc, wire.bytes.subarray(start, end)), jsonOptions));
    else json?.write(wire, places, end, out);
    wire.pos = end;
  };
}

/** Whether a type has a JSON form of its own, or one that takes the whole message, as a map does. */
function hasOwnForm({ typeName, fields }: DescMessage): boolean {
  const isOther = ({ fieldKind, scalar }: DescField) => fieldKind === "map" || (scalar !== undefined && scalars[scalar] === undefined);
  return typeName.startsWith("google.protobuf.") || fields.some(isOther);
}

/** Writes a text: most are plain, and are then copied as they are looked at. */
function writeText(wire: Wire, out: JsonWriter): void {
  const length = wire.uint32();
  const start = wire.pos;
  const end = start + length;
  wire.pos = end;
  out.byte(quote);
  if (out.plain(wire.bytes, wire.view, start, end)) out.byte(quote);
  else {
    out.unwriteByte();
    out.text(JSON.stringify(wire.bytes.toString("utf8", start, end)));
  }
}

function enumJson({ value }: NonNullable<DescField["enum"]>, number: number): string {
  const name = value[number]?.name;
  return name === undefined ? String(number) : `"${name}"`;
}

/** Writes a google.protobuf.Timestamp. */
function writeTimestamp(wire: Wire, out: JsonWriter): void {
  let seconds = 0;
  let nanos = 0;
  for (let end = wire.uint32() + wire.pos; wire.pos < end; ) {
    const tag = wire.uint32();
    if (tag === 0x08) seconds = wire.uint53();
    else if (tag === 0x10) nanos = wire.uint32();
    else wire.skip(tag & 7);
  }
  out.time(seconds, nanos);
}
