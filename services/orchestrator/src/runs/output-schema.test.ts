import { expect, it } from "vitest";
import { outputSchemaProblem } from "./output-schema.ts";

it.each([
  [{ type: "object", properties: { id: { type: "string" } } }, undefined],
  [{ $schema: "http://json-schema.org/draft-07/schema#", type: "object" }, undefined],
  [{ $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "string" }] }, undefined],
  [{ $schema: "https://example.org/mine" }, expect.stringContaining("draft 7 or 2020-12")],
  [{ type: "nonsense" }, "must be a JSON Schema: type must be one of array, boolean, integer, null, number, object, string"],
  [{ properties: { id: { type: "nonsense" } } }, expect.stringContaining("properties.id.type must be one of array")],
  [{ required: "id" }, "must be a JSON Schema: required must be array"],
])("the schema %j: %j is wrong with it", (schema, problem) => {
  expect(outputSchemaProblem(schema)).toEqual(problem);
});
