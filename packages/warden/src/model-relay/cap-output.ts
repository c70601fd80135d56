import { isObject, type JsonObject } from "./json-object.ts";
import type { ModelRoute } from "./route-call.ts";

/** Less than this no provider takes, for an answer and for what is thought before it. */
const leastTokens = 16;
const leastThought = 1_024;

/** Bounds the length of an answer in a call's body; undefined where nothing useful can be answered in so few tokens. */
export function capOutput(
  { api, provider }: Pick<ModelRoute, "api" | "provider">,
  body: JsonObject,
  mostTokens: number,
): JsonObject | undefined {
  if (mostTokens === Number.POSITIVE_INFINITY) return body;
  if (mostTokens < leastTokens) return undefined;
  if (api === "generate") {
    const settings = isObject(body["generationConfig"]) ? body["generationConfig"] : {};
    return { ...body, generationConfig: capped(settings, "maxOutputTokens", mostTokens) };
  }
  if (api === "messages") return capped({ ...body, ...lessThought(body["thinking"], mostTokens) }, "max_tokens", mostTokens);
  if (api === "responses") return capped(body, "max_output_tokens", mostTokens);
  const isOld = provider === "openai-compatible" || body["max_tokens"] !== undefined;
  return capped(body, isOld ? "max_tokens" : "max_completion_tokens", mostTokens);
}

function capped(holder: JsonObject, name: string, mostTokens: number): JsonObject {
  const asked = holder[name];
  return { ...holder, [name]: typeof asked === "number" ? Math.min(asked, mostTokens) : mostTokens };
}

/** Thought counts as a part of the answer, and must leave half of it. */
function lessThought(thinking: unknown, mostTokens: number): JsonObject {
  if (!isObject(thinking) || typeof thinking["budget_tokens"] !== "number") return {};
  const most = Math.floor(mostTokens / 2);
  if (most < leastThought) return { thinking: { type: "disabled" } };
  return { thinking: { ...thinking, budget_tokens: Math.min(thinking["budget_tokens"], most) } };
}
