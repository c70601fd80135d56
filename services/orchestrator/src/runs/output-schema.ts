import { Ajv, type AnySchemaObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

/** What is wrong with a JSON Schema, in a sentence; undefined where nothing is. It is checked as data: none of it is compiled here. */
export function outputSchemaProblem(schema: AnySchemaObject): string | undefined {
  const ajv = new (String(schema.$schema).includes("/2020-12/") ? Ajv2020 : Ajv)({ strict: false });
  try {
    if (ajv.validateSchema(schema)) return undefined;
  } catch {
    return "must be a JSON Schema of draft 7 or 2020-12, as its $schema says; draft 7 without one";
  }
  return `must be a JSON Schema: ${ajv.errorsText(ajv.errors, { dataVar: "outputSchema" })}`;
}
