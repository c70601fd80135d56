import type { JsonObject } from "@bufbuild/protobuf";
import { codes } from "@clew/fault/code";
import { reasons } from "@clew/fault/reasons";
import { RestBinding_Form } from "@clew/proto/connect/clew/run/v1/rest_pb";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import type { Binding } from "./bindings.ts";
import { SchemaBook } from "./openapi-schema.ts";

/** Writes the OpenAPI 3.1 document of the REST door, from the same bindings that serve it. */
export function toOpenApi(bindings: readonly Binding[], version: string): JsonObject {
  const book = new SchemaBook();
  for (const { body, method } of bindings) {
    if (body === "*") book.markAsked(method.input);
    else if (body?.message !== undefined) book.markAsked(body.message);
  }
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const binding of bindings) {
    const path = binding.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => `{${jsonNameOf(binding, name)}}`);
    paths[path] = { ...paths[path], [binding.verb.toLowerCase()]: toOperation(binding, book) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Clew", version, license: { name: "MIT", identifier: "MIT" } },
    security: [{}, { key: [] }],
    paths,
    components: {
      schemas: { ...book.schemas, Error: errorSchema },
      responses: {
        Error: {
          description: "What went wrong, and what to do.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
      securitySchemes: { key: { type: "http", scheme: "bearer", description: "An API key, or a ticket." } },
    },
  };
}

function toOperation(binding: Binding, book: SchemaBook): JsonObject {
  const { method, body } = binding;
  const requestBody =
    body === undefined
      ? undefined
      : { content: { "application/json": { schema: body === "*" ? book.describe(method.input, binding.pathFields) : book.field(body) } } };
  const upload = { required: true, content: { "application/octet-stream": { schema: {} } } };
  const given = binding.form === RestBinding_Form.RAW_REQUEST ? upload : requestBody;
  return {
    operationId: method.localName,
    parameters: toParameters(binding, book),
    ...(given === undefined ? {} : { requestBody: given }),
    responses: {
      [String(binding.status)]: toResponse(binding, book),
      ...otherResponses(binding),
      default: { $ref: "#/components/responses/Error" },
    },
  };
}

function toParameters(binding: Binding, book: SchemaBook): JsonObject[] {
  const path = binding.pathFields.map((field) => ({ name: field.jsonName, in: "path", required: true, schema: book.field(field) }));
  const text = { type: "string" };
  if (binding.form === RestBinding_Form.SERVER_SENT_EVENTS) {
    const names = ["after", "ticket"].map((name) => ({ name, in: "query", schema: text }));
    return [
      ...path,
      ...names,
      { name: "types", in: "query", schema: { type: "array", items: text } },
      { name: "Last-Event-ID", in: "header", schema: text },
    ];
  }
  if (binding.form === RestBinding_Form.RAW_REQUEST) return [...path, { name: "name", in: "query", required: true, schema: text }];
  if (binding.form === RestBinding_Form.RAW_RESPONSE)
    return [...path, { name: "Range", in: "header", schema: text }, { name: "If-None-Match", in: "header", schema: text }];
  const query = binding.queryFields.map((field) => ({ name: field.jsonName, in: "query", schema: book.field(field) }));
  const isIdempotent = binding.queryFields.some(({ jsonName }) => jsonName === "requestId");
  return [...path, ...query, ...(isIdempotent ? [{ name: "Idempotency-Key", in: "header", schema: text }] : [])];
}

function toResponse({ form, responseBody, method, location }: Binding, book: SchemaBook): JsonObject {
  const description = "Success.";
  switch (form) {
    case RestBinding_Form.SERVER_SENT_EVENTS:
      book.refer(RunEventSchema);
      return {
        description: "Server-sent events; `data` of an event without a name is a RunEvent.",
        content: { "text/event-stream": { schema: { type: "string" } } },
      };
    case RestBinding_Form.RAW_RESPONSE:
      return { description: "The bytes of the file.", content: { "*/*": { schema: {} } } };
    default: {
      const schema = responseBody === undefined ? book.refer(method.output) : book.field(responseBody);
      const lines: JsonObject =
        form === RestBinding_Form.PAGE_OR_LINES ? { "application/x-ndjson": { schema: book.refer(RunEventSchema) } } : {};
      const headers: JsonObject = location === "" ? {} : { headers: { Location: { schema: { type: "string" } } } };
      return { description, ...headers, content: { "application/json": { schema }, ...lines } };
    }
  }
}

function otherResponses({ form }: Binding): JsonObject {
  if (form === RestBinding_Form.SERVER_SENT_EVENTS) return { "204": { description: "The run is over and the reader has its last event." } };
  if (form === RestBinding_Form.RAW_RESPONSE)
    return { "206": { description: "The bytes of the range." }, "304": { description: "The file is the one the caller has." } };
  return {};
}

const violationSchema = {
  type: "object",
  properties: { field: { type: "string" }, rule: { type: "string" }, message: { type: "string" } },
  required: ["field", "rule", "message"],
};

const errorSchema: JsonObject = {
  type: "object",
  properties: {
    error: {
      type: "object",
      properties: {
        code: { type: "string", enum: Object.keys(codes) },
        reason: { type: "string", examples: Object.keys(reasons).slice(0, 3) },
        message: { type: "string" },
        retryable: { type: "boolean" },
        details: {
          type: "object",
          properties: { violations: { type: "array", items: violationSchema } },
          additionalProperties: { type: "string" },
        },
      },
      required: ["code", "reason", "message", "retryable", "details"],
    },
  },
  required: ["error"],
};

function jsonNameOf({ pathFields }: Binding, name: string): string {
  return pathFields.find((field) => field.name === name)?.jsonName ?? name;
}
