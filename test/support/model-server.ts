import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { anthropicWords } from "./model-server-anthropic.ts";
import { googleWords } from "./model-server-google.ts";
import { chatWords, responsesWords } from "./model-server-openai.ts";
import { type ModelAnswerTurn, type ModelTurn, type ProviderWords, type WholeAnswer, wholeAnswer } from "./model-server-turn.ts";

export type { ModelAnswerTurn, ModelTurn };

/** What a scripted model was asked. */
export interface ModelRequest {
  /** Which request of the server it is, from 0. */
  readonly index: number;
  readonly provider: string;
  /** Below the provider's own base address. */
  readonly path: string;
  readonly model: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  /** The body, parsed. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly isStreamed: boolean;
}

/** What a model answers: turn after turn, and an error once they are over; or whatever a function makes of what it is asked. */
export type ModelScript = readonly ModelTurn[] | ((request: ModelRequest) => ModelTurn | Promise<ModelTurn>);

/** A scripted model behind the providers' own APIs. Dispose it: connections are cut. */
export interface ModelServer extends AsyncDisposable {
  /** The address to give a provider as its base: `…/anthropic`, `…/openai`, `…/google`, `…/openai-compatible`. */
  readonly url: string;
  /** All it was asked, the oldest first. */
  readonly requests: readonly ModelRequest[];
  /** Requests that were not answered to their end: the caller went first. */
  readonly abandoned: number;
}

/**
 * Starts a scripted model on loopback, or on a Unix socket, where it can stand for the relay too.
 *
 * It speaks Anthropic's Messages, OpenAI's Responses and Chat Completions, Google's generateContent, and what is compatible with OpenAI's, whole and streamed.
 */
export async function startModelServer(script: ModelScript, listen: { readonly socketPath?: string } = {}): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let abandoned = 0;
  const server = createServer(async (request, response) => {
    response.once("close", () => {
      if (!response.writableFinished) abandoned += 1;
    });
    const asked = toRequest(request.url ?? "", request.headers, await readText(request), requests.length);
    const words = wordsOf(asked);
    if (words === undefined) return void response.writeHead(404).end();
    requests.push(asked);
    await play(await nextTurn(asked), asked, words, response);
  });
  server.listen(listen.socketPath === undefined ? { port: 0, host: "127.0.0.1" } : { path: listen.socketPath });
  await once(server, "listening");
  const address = server.address();
  return {
    url: typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "",
    requests,
    get abandoned() {
      return abandoned;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  async function nextTurn(asked: ModelRequest): Promise<ModelTurn> {
    if (typeof script === "function") return await script(asked);
    return script[asked.index] ?? { status: 400, message: "The script of this model is over." };
  }
}

/** The settings that lead an orchestrator's models to a scripted one, with a key for each provider. */
export function modelSettings({ url }: Pick<ModelServer, "url">, key = "model-key-of-the-operator"): Record<string, string> {
  const providers = { ANTHROPIC: "anthropic", OPENAI: "openai", GOOGLE: "google", OPENAI_COMPATIBLE: "openai-compatible" };
  return Object.fromEntries(
    Object.entries(providers).flatMap(([name, path]) => [
      [`CLEW_MODEL_${name}_URL`, `${url}/${path}`],
      [`CLEW_MODEL_${name}_KEY`, key],
    ]),
  );
}

function toRequest(url: string, headers: IncomingHttpHeaders, text: string, index: number): ModelRequest {
  const { pathname } = new URL(url, "http://model");
  const [, provider = "", path = ""] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  const parsed: unknown = text === "" ? {} : JSON.parse(text);
  const body = typeof parsed === "object" && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
  const [, named, verb] = /^\/models\/([^:]+):(.+)$/.exec(path) ?? [];
  const model = named ?? (typeof body["model"] === "string" ? body["model"] : "");
  return { index, provider, path, model, headers, text, body, isStreamed: body["stream"] === true || verb === "streamGenerateContent" };
}

function wordsOf({ provider, path }: ModelRequest): ProviderWords | undefined {
  if (provider === "anthropic" && path === "/messages") return anthropicWords;
  if (provider === "openai" && path === "/responses") return responsesWords;
  if (provider.startsWith("openai") && path === "/chat/completions") return chatWords;
  return provider === "google" && /:(generate|streamGenerate)Content$/.test(path) ? googleWords : undefined;
}

async function play(turn: ModelTurn, asked: ModelRequest, words: ProviderWords, response: ServerResponse): Promise<void> {
  if ("body" in turn) {
    const { status = 200, contentType = "application/json", headers, body } = turn;
    return void response.writeHead(status, { "content-type": contentType, ...headers }).end(body);
  }
  if ("status" in turn) {
    if (turn.retryAfter !== undefined) response.setHeader("retry-after", turn.retryAfter);
    return sendJson(response, turn.status, words.error(turn.status, turn.message ?? "It does not work."));
  }
  if ("hang" in turn) {
    if (turn.hang === "headers") response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    return;
  }
  const isCut = "cut" in turn;
  if (isCut && turn.cut === "before") return void response.destroy();
  const answer = wholeAnswer(isCut ? (turn.answer ?? { text: "This will not be heard to its end." }) : turn, asked.model, asked.index);
  const [whole, contentType] = asked.isStreamed
    ? [streamed(words, answer), "text/event-stream"]
    : [JSON.stringify(words.answer(answer)), "application/json"];
  response.writeHead(200, { "content-type": contentType });
  if (!isCut) return void response.end(whole);
  response.write(whole.slice(0, whole.length / 2), () => response.destroy());
}

function streamed(words: ProviderWords, answer: WholeAnswer): string {
  return words
    .events(answer)
    .map(({ event, data }) => {
      const said = typeof data === "string" ? data : JSON.stringify(data);
      return `${event === undefined ? "" : `event: ${event}\n`}data: ${said}\n\n`;
    })
    .join("");
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
