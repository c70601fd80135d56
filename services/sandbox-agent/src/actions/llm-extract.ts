import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { askForValue } from "../agent/ask-for-value.ts";
import type { JsonValue, PrepareAction } from "./action.ts";
import { extract } from "./extract.ts";

const schemas = {
  text: { type: "string" },
  number: { type: "number" },
  integer: { type: "integer" },
  boolean: { type: "boolean" },
  json: {},
} as const;

/** Reads an element, the whole page unless the step names one, and has a model find in it what the step asks for. */
export const llmExtract: PrepareAction<StepOf<"llm_extract">> = async (step, context) => {
  const { askModel, redact } = context;
  if (askModel === undefined) throw new Fault("MODEL_UNAVAILABLE", { message: "The step reads with a model, and the run has none." });
  const { mode = "markdown" } = step.params;
  const { selector, description, on_failure, failure_message, store_type: type = "text" } = step;
  const read = await extract(
    { action: "extract", selector, params: { mode, all: false }, description, on_failure, failure_message },
    context,
  );
  return async () => {
    const { found: content = "", did } = await read();
    const value: JsonValue = redact({
      data: await askForValue({ question: step.prompt, content, schema: schemas[type] }, askModel, context),
    }).data;
    const isText = typeof value === "string";
    return { did: `${did} with a model`, found: isText ? value : JSON.stringify(value), ...(!isText && { value }) };
  };
};
