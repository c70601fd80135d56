import { type DescEnum, type DescField, type DescMessage, type JsonObject, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** Collects the JSON Schemas of messages, each once, as an OpenAPI document names them. */
export class SchemaBook {
  readonly #schemas = new Map<string, JsonObject>();
  readonly #asked = new Set<string>();

  /** Notes that callers send this message: none of its fields are then marked as always there. Call it before any reference. */
  markAsked(message: DescMessage): void {
    if (this.#asked.has(message.typeName) || message.typeName in wellKnown) return;
    this.#asked.add(message.typeName);
    for (const field of message.fields) if (field.message !== undefined) this.markAsked(field.message);
  }

  /** Refers to a message, or says what its JSON is where that is no object of its own. */
  refer(message: DescMessage): JsonObject {
    const known = wellKnown[message.typeName];
    if (known !== undefined) return known;
    const name = nameOf(message);
    if (!this.#schemas.has(name)) {
      // Set before it is described: a message may hold itself.
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.describe(message));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /** Describes a message's JSON in place, without the fields named. */
  describe(message: DescMessage, without: readonly DescField[] = []): JsonObject {
    const fields = message.fields.filter((field) => !without.includes(field));
    const properties = Object.fromEntries(fields.map((field) => [field.jsonName, this.field(field)]));
    const required = fields.filter((field) => !this.#asked.has(message.typeName) && isAlwaysThere(field)).map(({ jsonName }) => jsonName);
    return { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
  }

  /** Describes one field's JSON. */
  field(field: DescField): JsonObject {
    if (field.fieldKind === "list") return { type: "array", items: this.#single(field) };
    if (field.fieldKind === "map") return { type: "object", additionalProperties: this.#single(field) };
    return this.#single(field);
  }

  /** All that was referred to, by name. */
  get schemas(): JsonObject {
    return Object.fromEntries([...this.#schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #single(field: {
    readonly message: DescMessage | undefined;
    readonly enum: DescEnum | undefined;
    readonly scalar: ScalarType | undefined;
  }): JsonObject {
    if (field.message !== undefined) return this.refer(field.message);
    if (field.enum !== undefined)
      return { type: "string", enum: field.enum.values.filter(({ number }) => number !== 0).map(({ name }) => name) };
    return scalarSchema(field.scalar);
  }
}

const wellKnown: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", examples: ["30s", "500ms"] },
  "google.protobuf.Struct": { type: "object", additionalProperties: true },
  "google.protobuf.Value": {},
};

function scalarSchema(scalar: ScalarType | undefined): JsonObject {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.UINT32:
      return { type: "integer", minimum: 0, maximum: 4_294_967_295 };
    case ScalarType.INT32:
      return { type: "integer", format: "int32" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    default:
      return { type: "string" };
  }
}

/** Whether JSON holds the field even when it has its default. */
function isAlwaysThere(field: DescField): boolean {
  return field.presence === FeatureSet_FieldPresence.IMPLICIT && field.oneof === undefined;
}

function nameOf({ typeName, file }: DescMessage): string {
  return typeName.slice(file.proto.package.length + 1);
}
