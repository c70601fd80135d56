import { Fault } from "@clew/fault/fault";
import { expect, test } from "vitest";
import type { JsonValue } from "../actions/action.ts";
import { checkOutput, readOutputSchema } from "./check-output.ts";

const check = (schema: Record<string, unknown>, data: Record<string, JsonValue>) => {
  const read = readOutputSchema(schema);
  return read instanceof Fault ? read : checkOutput(read, new Map(Object.entries(data)));
};

const order = {
  type: "object",
  required: ["total", "status"],
  additionalProperties: false,
  properties: {
    total: { type: "number", minimum: 0 },
    status: { enum: ["open", "shipped"] },
    mail: { type: "string", format: "email" },
    lines: { type: "array", items: { type: "object", properties: { count: { type: "integer" } } } },
  },
};

test("takes data that fits", () => {
  expect(check(order, { total: 12.5, status: "open", mail: "a@shop.example", lines: [{ count: 1 }] })).toBeUndefined();
});

test("[weakness 38] says where the data differs and what was expected, and shows no value", () => {
  const fault = check(order, {
    total: "hunter2",
    status: "hunter3",
    mail: "hunter4",
    lines: [{ count: 1 }, { count: 1.5 }],
    other: "hunter5",
  });
  expect(fault?.reason).toBe("OUTPUT_INVALID");
  for (const words of [
    "data.total must be number",
    "data.status must be one of open, shipped",
    'data.mail must match format "email"',
    "data.lines[1].count must be integer",
    "data must not have 'other'",
  ])
    expect(fault?.message).toContain(words);
  expect(fault?.message).not.toContain("hunter");
  expect(check(order, {})?.message).toContain("data must have required property 'total'");
});

test("reads schemas of 2020-12 where they say so", () => {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $defs: { a: { type: "array", prefixItems: [{ type: "integer" }] } },
    properties: { a: { $ref: "#/$defs/a" } },
  };
  expect(check(schema, { a: [1, "x"] })).toBeUndefined();
  expect(check(schema, { a: ["x"] })?.message).toContain("data.a[0] must be integer");
});

test.each([
  [{ type: "nothing" }],
  [{ $ref: "https://shop.example/schema.json" }],
  [{ $ref: "#/definitions/missing" }],
  [{ properties: { a: { pattern: "(" } } }],
  [{ $schema: "http://json-schema.org/draft-03/schema#" }],
])("refuses what is no schema, or is elsewhere: %j", (schema) => {
  expect(check(schema, {})).toMatchObject({ reason: "INVALID_REQUEST", message: expect.stringContaining("spec.outputSchema") });
});

test("names at most twenty differences", () => {
  const properties = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${index}`, { type: "integer" }]));
  const data = Object.fromEntries(Object.keys(properties).map((name) => [name, "x"]));
  expect(check({ properties }, data)?.message).toContain("; and 10 more.");
});

test("names who asks for the data", () => {
  const schema = readOutputSchema({ required: ["w"] });
  if (schema instanceof Error) throw schema;
  const said = (asks?: string) => checkOutput(schema, new Map(), asks)?.message;
  expect(said()).toMatch(/^The outcome's data is not what outputSchema asks for: /);
  expect(said("the steps that were left store")).toMatch(/^The outcome's data is not what the steps that were left store: /);
});
