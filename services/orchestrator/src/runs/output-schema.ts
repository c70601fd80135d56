import { Ajv, type AnySchemaObject, type ErrorObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

/** What is wrong with a JSON Schema of draft 7 or 2020-12, in a sentence; undefined where nothing is. It is checked as data: none of it is compiled here. */
export function outputSchemaProblem(schema: AnySchemaObject): string | undefined {
  const is2020 = typeof schema["$schema"] === "string" && schema["$schema"].includes("/2020-12/");
  const ajv = is2020 ? new Ajv2020({ strict: false, logger: false }) : new Ajv({ strict: false, logger: false });
  try {
    if (ajv.validateSchema(schema)) return undefined;
  } catch {
    return "must be a JSON Schema of draft 7 or 2020-12, or name none in $schema";
  }
  return `must be a JSON Schema: ${sentenceOf(ajv.errors ?? [])}`;
}

/** Says what is wrong first; of a value that is none of a list, the list. */
function sentenceOf(errors: readonly ErrorObject[]): string {
  const choice = errors.find(({ keyword }) => keyword === "enum");
  const allowed: unknown = choice?.params["allowedValues"];
  if (choice !== undefined && Array.isArray(allowed)) return `${placeOf(choice)} must be one of ${allowed.join(", ")}`;
  const [first] = errors;
  return first === undefined ? "it is none" : `${placeOf(first)} ${first.message ?? "is wrong"}`;
}

function placeOf({ instancePath }: ErrorObject): string {
  return instancePath === "" ? "it" : instancePath.slice(1).replaceAll("/", ".");
}
