import { Fault } from "@clew/fault/fault";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { JsonValue } from "../actions/action.ts";

/** A JSON schema that the data of an outcome must fit, read and ready. */
export type OutputSchema = ValidateFunction;

const mostErrors = 20;

/** Reads a schema, of draft 7, or of 2020-12 where it says so. Nothing is fetched: what it refers to must be in it. Answers INVALID_REQUEST where it is none. */
export function readOutputSchema(schema: Readonly<Record<string, unknown>>): OutputSchema | Fault {
  const dialect = String(schema.$schema).includes("/2020-12/") ? Ajv2020 : Ajv;
  const ajv = new dialect({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  try {
    return ajv.compile(schema);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : "it cannot be read";
    return new Fault("INVALID_REQUEST", { message: `spec.outputSchema is no JSON schema that can be used: ${why}` });
  }
}

/** Checks what was stored against what `asks` says in words. Answers OUTPUT_INVALID with what was expected where, never with a value; nothing where all is as it should be. */
export function checkOutput(
  schema: OutputSchema | undefined,
  stored: ReadonlyMap<string, JsonValue>,
  asks = "outputSchema asks for",
): Fault | undefined {
  if (schema === undefined || schema(Object.fromEntries(stored))) return undefined;
  const errors = schema.errors ?? [];
  const list = errors.slice(0, mostErrors).map(describe);
  const more = errors.length > mostErrors ? `; and ${errors.length - mostErrors} more` : "";
  return new Fault("OUTPUT_INVALID", { message: `The outcome's data is not what ${asks}: ${list.join("; ")}${more}.` });
}

/** The names of what was stored that the schema does not take; of what it says of several together, none. */
export function unfitNames(schema: OutputSchema | undefined, stored: ReadonlyMap<string, JsonValue>): ReadonlySet<string> {
  if (schema === undefined || schema(Object.fromEntries(stored))) return new Set();
  const errors = schema.errors ?? [];
  return new Set([...stored.keys()].filter((name) => errors.some(({ instancePath }) => isWithin(instancePath, name))));
}

function isWithin(instancePath: string, name: string): boolean {
  const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return instancePath === pointer || instancePath.startsWith(`${pointer}/`);
}

function describe({ instancePath, keyword, message, params }: ErrorObject): string {
  const place = `data${instancePath.replace(/\/(\d+)(?=\/|$)/g, "[$1]").replaceAll("/", ".")}`;
  if (keyword === "enum") return `${place} must be one of ${(params.allowedValues as unknown[]).map(String).join(", ")}`;
  if (keyword === "additionalProperties") return `${place} must not have '${params.additionalProperty}'`;
  return `${place} ${message ?? `does not fit '${keyword}'`}`;
}
