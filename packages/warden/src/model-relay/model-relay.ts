import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "@clew/fault/fault";
import type { Outbox } from "@clew/outbox/outbox";
import type { Logger } from "@clew/process/logger";
import { createServer } from "@clew/process/plain-http";
import { RunError } from "@clew/proto/grpc/clew/run/v1/run";
import { ModelCalled, WarningRaised } from "@clew/proto/grpc/clew/run/v1/run_event";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { Turns } from "@clew/streams/turns";
import { openCassette } from "./cassette-player.ts";
import { recordCassette } from "./cassette-recorder.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import type { ModelAccess } from "./model-access.ts";
import { type AnswerReader, type CallNote, type GrantedRun, relayCall } from "./relay-call.ts";
import { routeCall } from "./route-call.ts";
import { Spending } from "./spending.ts";

/** What a relay is made of. */
export interface ModelRelayOptions {
  /** The Unix socket it listens on; the sandbox sees it. */
  readonly socketPath: string;
  /** Where it writes down what models answer, where that is wanted. */
  readonly cassettePath: string;
  /** Where it says what was called. */
  readonly outbox: Pick<Outbox, "append">;
  readonly log: Logger;
  /** The most milliseconds of one call; 170,000 unless given. */
  readonly callMs?: number;
}

/** A sandbox's only way to models. Dispose it: calls under way are cut, and what they took is said. */
export interface ModelRelay extends AsyncDisposable {
  /**
   * From now on these models may be called, and no others; until then none. With a cassette that is none, each call says so.
   *
   * @param cassettePath where it writes down what they answer, where that is wanted: as at its start unless given.
   */
  grant(access: ModelAccess, cassettePath?: string): Promise<void>;
  /** From now on no model may be called. What is under way is cut, and said within 2 s or not at all. */
  revoke(): Promise<void>;
}

const mostRequestBytes = 8 * 1024 * 1024;
/** Calls at once; an agent makes one or two. */
const mostCallsAtOnce = 8;
const mostConnections = 64;
/** Refusals that are told in the run's record; a sandbox may be refused for ever. */
const mostToldRefusals = 20;
/** Milliseconds that calls which are cut have to be said. */
const mostLeaveMs = 2_000;

/** Starts the relay of one sandbox, closed until it is granted something. It adds the keys, which the sandbox never sees, and keeps the run's budget. */
export async function startModelRelay({ socketPath, cassettePath, outbox, log, callMs = 170_000 }: ModelRelayOptions): Promise<ModelRelay> {
  await using parts = new AsyncDisposableStack();
  // Closed last: calls that are cut are still written down.
  let recordings = new AsyncDisposableStack();
  parts.defer(() => recordings.disposeAsync());
  const nobodys = () => new Fault("MODEL_CALL_REFUSED", { message: "This run may call no model." });
  let run: GrantedRun | Fault = nobodys();
  let revoked = 0;
  const open = new Set<Promise<void>>();
  let refusals = 0;
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000 }, (request, response) => {
    // Before anything of it is read: what a sandbox sends at once must not fill the host's memory.
    if (open.size >= mostCallsAtOnce) return sendError(response, 429, "Too many calls of models at once.");
    const served = serve(request, response)
      .catch((error: unknown) => {
        const fault = Fault.from(error);
        if (fault.reason === "INTERNAL") log.error({ err: error }, "a call of a model failed unexpectedly");
        // What has begun can only break off.
        if (response.headersSent) response.destroy();
        else sendFault(response, fault);
      })
      .finally(() => open.delete(served));
    open.add(served);
  });
  server.maxConnections = mostConnections;
  server.listen(socketPath);
  await once(server, "listening");
  parts.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    // An outbox that is full may hold them up.
    await Promise.race([Promise.all(open), delay(mostLeaveMs)]);
  });
  const started = parts.move();
  return {
    async grant(access, path = cassettePath) {
      run = await grantedRun(access, path).catch((error: unknown) => Fault.from(error));
    },
    async revoke() {
      run = nobodys();
      server.closeAllConnections();
      await Promise.race([Promise.all(open), delay(mostLeaveMs)]);
      // From here on nothing of them is said: it would be taken for the next run's.
      revoked += 1;
      refusals = 0;
      const closing = recordings;
      recordings = new AsyncDisposableStack();
      await closing.disposeAsync();
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };

  async function grantedRun(access: ModelAccess, path: string): Promise<GrantedRun> {
    const { cassette } = access;
    return {
      access,
      spending: new Spending(access),
      turns: new Turns(),
      player: cassette?.mode === "replay" ? await openCassette(cassette.path) : undefined,
      recorder: cassette?.mode === "record" ? recordings.use(await recordCassette(path, cassette.header)) : undefined,
    };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = revoked;
    const body = await readBody(request);
    const startedAt = performance.now();
    const purpose = purposeOf(request);
    const route = request.method === "POST" ? routeCall(request.url ?? "", body) : undefined;
    const model = route?.model.slice(0, 200) ?? "";
    const note = async (said: CallNote) => {
      if (began === revoked) await sayCalled(model, purpose, said, performance.now() - startedAt);
    };
    try {
      if (route === undefined) throw new Fault("MODEL_CALL_REFUSED", { message: "The relay leads to models and nowhere else." });
      if (run instanceof Fault) throw run;
      using link = linkSignals();
      const timer = setTimeout(() => link.abort(new Fault("DEADLINE_EXCEEDED")), callMs);
      response.once("close", () => link.abort());
      try {
        await relayCall(run, { route, body, purpose, headers: request.headers }, readerOf(response, link.signal), note, link.signal);
      } finally {
        clearTimeout(timer);
      }
    } catch (error) {
      const fault = Fault.from(error);
      const isRefused = fault.reason === "MODEL_CALL_REFUSED" || fault.reason === "BUDGET_EXCEEDED";
      if (isRefused && began === revoked) await sayRefused(fault, model);
      throw error;
    }
  }

  async function sayCalled(model: string, purpose: string, said: CallNote, durationMs: number): Promise<void> {
    const { inputTokens, outputTokens, cacheReadTokens: cachedInputTokens, costUsd, isUnpriced: unpriced, fault, isUnrecorded } = said;
    const took = `${inputTokens} tokens in, ${outputTokens} out${unpriced ? ", no price set" : ""}`;
    const what = fault === undefined ? `answered${purpose === "" ? "" : ` (${purpose})`}: ${took}` : `failed: ${fault.message}`;
    const error = fault && toRunError(fault);
    const value = {
      model,
      purpose,
      inputTokens,
      outputTokens,
      cachedInputTokens,
      costUsd,
      unpriced,
      durationMs: Math.round(durationMs),
      error,
    };
    await say({ summary: `${model} ${what}`.slice(0, 200), payload: { $case: "modelCalled", value: ModelCalled.fromPartial(value) } });
    if (isUnrecorded) await warn("CASSETTE_INCOMPLETE", "The run's cassette is full: it cannot be replayed to its end.");
  }

  async function sayRefused(fault: Fault, model: string): Promise<void> {
    refusals += 1;
    if (refusals <= mostToldRefusals) await warn(fault.reason, fault.message, { model });
  }

  function warn(reason: string, message: string, details: Readonly<Record<string, string>> = {}): Promise<void> {
    const value = WarningRaised.fromPartial({ reason, message, details });
    return say({ summary: message.slice(0, 200), payload: { $case: "warningRaised", value } });
  }

  async function say(event: Parameters<Outbox["append"]>[0]): Promise<void> {
    await outbox.append(event).catch((error: unknown) => log.error({ err: error }, "an event could not be written"));
  }
}

function toRunError({ code, reason, message, retryable }: Fault): RunError {
  return RunError.fromPartial({ code, reason, message, retryable });
}

/** What a call is for: a word of the sandbox's own, and no more than a word. */
function purposeOf({ headers }: IncomingMessage): string {
  const said = headers["x-clew-purpose"];
  return typeof said === "string" && /^[a-z][a-z0-9-]{0,39}$/.test(said) ? said : "";
}

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.byteLength;
    if (size > mostRequestBytes) throw new Fault("MODEL_CALL_REFUSED", { message: "A call of a model has more than 8 MiB." });
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (isObject(body)) return body;
  } catch {
    // Said below.
  }
  throw new Fault("MODEL_CALL_REFUSED", { message: "A call of a model is not JSON." });
}

function readerOf(response: ServerResponse, signal: AbortSignal): AnswerReader {
  return {
    get isBegun() {
      return response.headersSent;
    },
    whole({ status, contentType, retryAfter, body }, costUsd) {
      response.writeHead(status, {
        "content-type": contentType,
        "x-clew-cost-usd": costUsd.toFixed(9),
        ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
      });
      response.end(body);
    },
    begin(contentType) {
      response.writeHead(200, { "content-type": contentType }).flushHeaders();
    },
    async pass(chunk) {
      if (!response.write(chunk)) await once(response, "drain", { signal });
    },
    end: () => void response.end(),
  };
}

function sendFault(response: ServerResponse, { reason, status, message }: Fault): void {
  response.setHeader("x-clew-reason", reason);
  sendError(response, reason === "MODEL_FAILED" ? 502 : status, message);
}

function sendError(response: ServerResponse, status: number, message: string): void {
  // What is left of a request that is too large is not read.
  response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify({ error: { message } }));
}
