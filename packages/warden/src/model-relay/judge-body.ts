import { isObject, type JsonObject } from "./json-object.ts";
import type { ModelRoute } from "./route-call.ts";
import { isOfTool } from "./tool-part.ts";

/** What an agent's call of a model holds, by API. Whatever else providers take may act, keep or fetch something outside the sandbox. */
const fields: Readonly<Record<ModelRoute["api"], ReadonlySet<string>>> = {
  messages: new Set(
    "model max_tokens messages system tools tool_choice temperature top_p top_k stop_sequences stream thinking output_config output_format".split(
      " ",
    ),
  ),
  responses: new Set(
    "model input instructions tools tool_choice parallel_tool_calls reasoning text max_output_tokens temperature top_p stream store include prompt_cache_key".split(
      " ",
    ),
  ),
  chat: new Set(
    "model messages tools tool_choice parallel_tool_calls response_format max_tokens max_completion_tokens temperature top_p stop seed stream stream_options store reasoning_effort prompt_cache_key".split(
      " ",
    ),
  ),
  generate: new Set("contents systemInstruction tools toolConfig generationConfig".split(" ")),
};

/** What of Google's settings bounds, shapes or steers one answer. */
const settings: ReadonlySet<string> = new Set(
  "maxOutputTokens temperature topK topP frequencyPenalty presencePenalty stopSequences seed responseMimeType responseSchema responseJsonSchema thinkingConfig".split(
    " ",
  ),
);

/** What of a conversation is said in a call of Responses itself: the rest stands for what the provider kept, or would do. */
const saidItems: ReadonlySet<unknown> = new Set(["message", "function_call", "function_call_output", "reasoning"]);

/** Names under which a provider is told to fetch something by itself. */
const fetched: ReadonlySet<string> = new Set(["url", "image_url", "file_url", "fileUri", "file_uri", "file_id", "fileId"]);

/** Says what of a call's body may not leave the sandbox; undefined where all of it may. */
export function judgeBody(api: ModelRoute["api"], body: JsonObject): string | undefined {
  const unknown = Object.keys(body).find((field) => !fields[api].has(field));
  if (unknown !== undefined) return `the field ${unknown.slice(0, 40)}`;
  const { tools } = body;
  if (tools !== undefined && !(Array.isArray(tools) && tools.every((tool) => isOurTool(api, tool))))
    return "a tool that the provider would run";
  if (api === "chat" && body["stream"] === true && !countsStream(body)) return "a stream that does not say what it took";
  return findKept(api, body) ?? findSetting(body["generationConfig"]) ?? findFetched(body);
}

/** What the provider would keep, or kept of another call. Responses keeps whatever does not say otherwise. */
function findKept(api: ModelRoute["api"], { store, input }: JsonObject): string | undefined {
  if (api === "responses" ? store !== false : store !== undefined && store !== false) return "nothing that says 'store: false'";
  const isSaid = (item: unknown) => isObject(item) && saidItems.has(item["type"] ?? (item["role"] === undefined ? "" : "message"));
  return Array.isArray(input) && !input.every(isSaid) ? "what another call left" : undefined;
}

function findSetting(config: unknown): string | undefined {
  const unknown = isObject(config) ? Object.keys(config).find((name) => !settings.has(name)) : undefined;
  return unknown && `the setting ${unknown.slice(0, 40)}`;
}

/** Ours are described, and called by nobody but the agent. */
function isOurTool(api: ModelRoute["api"], tool: unknown): boolean {
  if (!isObject(tool)) return false;
  if (api === "generate") return Object.keys(tool).every((key) => key === "functionDeclarations");
  return api === "messages" ? tool["type"] === undefined || tool["type"] === "custom" : tool["type"] === "function";
}

function countsStream({ stream_options: options }: JsonObject): boolean {
  return isObject(options) && options["include_usage"] === true;
}

/** No call of ours is nested more deeply, by far. */
const mostDepth = 64;

/** Looks through all but what the agent's own tools are called with, are answered with, and take: there an address is a text like any other. */
function findFetched(body: JsonObject): string | undefined {
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: body, depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth > mostDepth) return "what is nested too deeply";
    for (const [name, inner] of Object.entries(value)) {
      if (isObject(value) && isOfTool(value, name)) continue;
      if (typeof inner === "string" && fetched.has(name) && !inner.startsWith("data:"))
        return "an address or a file for the provider to fetch";
      left.push({ value: inner, depth: depth + 1 });
    }
  }
  return undefined;
}
