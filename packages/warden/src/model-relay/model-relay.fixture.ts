import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createLogger } from "@clew/process/logger";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { type ModelScript, startModelServer } from "../../../../test/support/model-server.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import type { ModelAccess } from "./model-access.ts";
import { startModelRelay } from "./model-relay.ts";

/** The key that must never be seen inside. */
export const operatorKey = "sk-operator-0123456789abcdef";

export const claude = "anthropic:claude-sonnet-4-5";

/** What a run is granted in these tests, unless they say otherwise. */
export function accessTo(url: string, more: Partial<ModelAccess> = {}): ModelAccess {
  const paid = { key: operatorKey };
  return {
    models: {
      [claude]: { input: 3, output: 15, cacheRead: 0.3 },
      "openai:gpt-5": null,
      "google:gemini-2.5-flash": null,
      "openai-compatible:llama": null,
    },
    providers: {
      anthropic: { url: `${url}/anthropic`, ...paid },
      openai: { url: `${url}/openai`, ...paid },
      google: { url: `${url}/google`, ...paid },
      "openai-compatible": { url: `${url}/openai-compatible`, ...paid },
    },
    budget: {},
    mostCalls: 100,
    ...more,
  };
}

/** A relay between a socket and a scripted model, and what was said of it. */
export async function openRelay(
  script: ModelScript,
  more: Partial<ModelAccess> | "nothing" = {},
  options: { readonly callMs?: number } = {},
) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await tempFolder());
  const server = parts.use(await startModelServer(script));
  const socketPath = join(folder.path, "model");
  const cassettePath = join(folder.path, "cassette.jsonl");
  const said: NonNullable<SandboxEvent["payload"]>[] = [];
  const outbox = {
    append: async ({ payload }: { payload: NonNullable<SandboxEvent["payload"]> }) => said.push(payload),
  };
  const relay = parts.use(
    await startModelRelay({ socketPath, cassettePath, outbox, log: createLogger({ name: "test", level: "silent" }), ...options }),
  );
  const access = accessTo(server.url, more === "nothing" ? {} : more);
  if (more !== "nothing") await relay.grant(access);
  const opened = parts.move();
  return {
    relay,
    access,
    server,
    said,
    cassettePath,
    calls: () => said.flatMap((payload) => (payload.$case === "modelCalled" ? [payload.value] : [])),
    warnings: () => said.flatMap((payload) => (payload.$case === "warningRaised" ? [payload.value.reason] : [])),
    post: (path: string, body: object | string, headers: Record<string, string> = {}) => post(socketPath, path, body, headers),
    ask: (more: object = {}, signal?: AbortSignal) =>
      post(socketPath, "/anthropic/messages", { ...message, ...more }, { "x-clew-purpose": "act" }, signal),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A small call of Anthropic's API. */
export const message = {
  model: "claude-sonnet-4-5",
  max_tokens: 1_000,
  messages: [{ role: "user", content: [{ type: "text", text: "Hello." }] }],
};

/** Sends a request to a socket; answers what came of it, `isWhole` where it came to its end. */
export async function post(
  socketPath: string,
  path: string,
  body: object | string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) {
  const call = request({
    socketPath,
    path,
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    ...(signal && { signal }),
  });
  call.end(typeof body === "string" ? body : JSON.stringify(body));
  const [response] = await once(call, "response");
  let isWhole = true;
  const said = await text(response).catch(() => {
    isWhole = false;
    return "";
  });
  return { status: Number(response.statusCode), headers: response.headers, text: said, isWhole };
}
