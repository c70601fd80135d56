import { Ajv, type AnySchemaObject } from "ajv";

/** What is wrong with a JSON Schema, in a sentence; undefined where nothing is. It is checked as data: none of it is compiled here. */
export function outputSchemaProblem(schema: AnySchemaObject): string | undefined {
  const ajv = new Ajv({ strict: false });
  try {
    if (ajv.validateSchema(schema)) return undefined;
  } catch {
    return "must be a JSON Schema of draft 7; leave $schema out";
  }
  return `must be a JSON Schema: ${ajv.errorsText(ajv.errors, { dataVar: "outputSchema" })}`;
}
