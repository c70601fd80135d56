import type { JsonObject } from "./json-object.ts";
import type { ModelProvider } from "./model-access.ts";

/** Where a call of a model goes. */
export interface ModelRoute {
  readonly provider: ModelProvider;
  /** The model, as `provider:name`. */
  readonly model: string;
  /** The API that is spoken. */
  readonly api: "messages" | "responses" | "chat" | "generate";
  readonly isStreamed: boolean;
  /** What follows the provider's base address. */
  readonly path: string;
}

const fixed = [
  { provider: "anthropic", path: "/messages", api: "messages" },
  { provider: "openai", path: "/responses", api: "responses" },
  { provider: "openai", path: "/chat/completions", api: "chat" },
  { provider: "openai-compatible", path: "/chat/completions", api: "chat" },
] as const;

/** Says where a request to the relay goes: `/anthropic/messages`, …; undefined where it is for none of the paths that models need. */
export function routeCall(url: string, body: JsonObject): ModelRoute | undefined {
  const known = fixed.find(({ provider, path }) => url === `/${provider}${path}`);
  if (known !== undefined) {
    const { provider, path, api } = known;
    const model = body["model"];
    return typeof model === "string"
      ? { provider, api, path, model: `${provider}:${model}`, isStreamed: body["stream"] === true }
      : undefined;
  }
  const [, name, verb, query = ""] =
    /^\/google\/models\/([A-Za-z0-9._-]+):(generateContent|streamGenerateContent)(\?alt=sse)?$/.exec(url) ?? [];
  if (name === undefined) return undefined;
  // Streamed as a list of JSON, nothing says where one part of it ends.
  const isStreamed = verb === "streamGenerateContent";
  if (isStreamed !== (query !== "")) return undefined;
  return { provider: "google", api: "generate", path: `/models/${name}:${verb}${query}`, model: `google:${name}`, isStreamed };
}
