import { isObject, type JsonObject } from "./json-object.ts";
import type { ModelRoute } from "./route-call.ts";

/** Less than this no provider takes, for an answer and for what is thought before it. */
const leastTokens = 16;
const leastThought = 1_024;

/** A call whose answer has a bound. */
export interface CappedCall {
  readonly body: JsonObject;
  /** The most tokens of its answer; infinite where nothing bounds it. */
  readonly mostTokens: number;
}

/** Bounds the length of an answer in a call's body; undefined where nothing useful can be answered in so few tokens. */
export function capOutput(
  { api, provider }: Pick<ModelRoute, "api" | "provider">,
  body: JsonObject,
  mostTokens: number,
): CappedCall | undefined {
  if (mostTokens === Number.POSITIVE_INFINITY) return { body, mostTokens };
  if (mostTokens < leastTokens) return undefined;
  if (api === "generate") {
    const settings = isObject(body["generationConfig"]) ? body["generationConfig"] : {};
    const capped = cap(settings, "maxOutputTokens", mostTokens);
    return { ...capped, body: { ...body, generationConfig: capped.body } };
  }
  if (api === "messages") return cap({ ...body, ...lessThought(body["thinking"], mostTokens) }, "max_tokens", mostTokens);
  if (api === "responses") return cap(body, "max_output_tokens", mostTokens);
  // The two names of one bound: of both together nobody knows which counts.
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = body;
  const least = Math.min(boundOf(older), boundOf(newer), mostTokens);
  return cap(rest, provider === "openai" ? "max_completion_tokens" : "max_tokens", least);
}

function cap(holder: JsonObject, name: string, mostTokens: number): CappedCall {
  const most = Math.min(boundOf(holder[name]), mostTokens);
  return { body: { ...holder, [name]: most }, mostTokens: most };
}

function boundOf(asked: unknown): number {
  return typeof asked === "number" && asked > 0 ? asked : Number.POSITIVE_INFINITY;
}

/** Thought counts as a part of the answer, and must leave half of it. */
function lessThought(thinking: unknown, mostTokens: number): JsonObject {
  if (!isObject(thinking) || typeof thinking["budget_tokens"] !== "number") return {};
  const most = Math.floor(mostTokens / 2);
  if (most < leastThought) return { thinking: { type: "disabled" } };
  return { thinking: { ...thinking, budget_tokens: Math.min(thinking["budget_tokens"], most) } };
}
