import type { JsonObject } from "./json-object.ts";

/** Whether a field holds what the agent's own tools are called with, are answered with, or take: there anything is a text like any other. */
export function isOfTool(holder: JsonObject, name: string): boolean {
  const { type } = holder;
  if (name === "input") return typeof type === "string" && type.endsWith("tool_use");
  if (name === "response") return typeof holder["name"] === "string";
  return (
    name === "functionCall" || name === "functionDeclarations" || name === "input_schema" || name === "parameters" || name === "schema"
  );
}
