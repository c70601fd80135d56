import type { IncomingHttpHeaders } from "node:http";
import { isObject, type JsonObject } from "./json-object.ts";
import type { ModelAccess, ModelProvider } from "./model-access.ts";
import type { ModelRoute } from "./route-call.ts";

/** Where a provider is, and what it is paid with. */
export type ProviderAccess = NonNullable<ModelAccess["providers"][ModelProvider]>;

/** The most characters of a provider's own words that are passed on. */
const mostErrorChars = 300;

/** Sends a call to its provider, with the key. Follows no redirection: the key is for nobody else. Rejects where no answer begins, or with the signal's reason. */
export function callProvider(
  { provider, path }: ModelRoute,
  { url, key }: ProviderAccess,
  body: JsonObject,
  asked: IncomingHttpHeaders,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(`${url.replace(/\/$/, "")}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...keyHeaders(provider, key), ...versionHeaders(provider, asked) },
    body: JSON.stringify(body),
    redirect: "manual",
    signal,
  });
}

function keyHeaders(provider: ModelProvider, key: string | undefined): Record<string, string> {
  if (key === undefined) return {};
  if (provider === "anthropic") return { "x-api-key": key };
  return provider === "google" ? { "x-goog-api-key": key } : { authorization: `Bearer ${key}` };
}

/** What an agent may ask for besides in a header: that answers and calls of tools fit their schemas. */
const betas: ReadonlySet<string> = new Set(["structured-outputs-2025-11-13"]);

function versionHeaders(provider: ModelProvider, asked: IncomingHttpHeaders): Record<string, string> {
  if (provider !== "anthropic") return {};
  const wanted = String(asked["anthropic-beta"] ?? "").split(/, ?/);
  const passed = wanted.filter((beta) => betas.has(beta));
  return { "anthropic-version": "2023-06-01", ...(passed.length > 0 && { "anthropic-beta": passed.join(",") }) };
}

/** What a provider says went wrong, without the key; of a key that it refuses, nothing: providers repeat parts of it. */
export function errorMessage(status: number, body: string, key: string | undefined): string {
  if (status === 401 || status === 403) return "The provider refused the operator's key, or what it may be used for.";
  if (status >= 300 && status < 400) return "The provider sent the call elsewhere; set its CLEW_MODEL_…_URL to where it is.";
  const said = saidIn(body);
  const message = key === undefined ? said : said.replaceAll(key, "[key]");
  return message.slice(0, mostErrorChars);
}

function saidIn(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    const [first]: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    const error = isObject(first) ? first["error"] : undefined;
    const message = isObject(error) ? error["message"] : error;
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
