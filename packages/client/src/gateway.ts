import { Fault } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { cancelled } from "./cancelled.ts";
import { faultFromWire, wireErrorFromJson } from "./fault-from-wire.ts";
import { longestTimerMs } from "./longest-timer.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Where the gateway is, and who asks. */
export interface GatewayOptions {
  /** Without a slash at the end. */
  readonly url: string;
  /** Makes the value of the `authorization` header, for each request anew; undefined for none. */
  readonly authorization: () => Promise<string | undefined>;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds a call is tried again while nobody answers. */
  readonly patienceMs: number;
}

/** What may be sent as it is. A stream is sent once: a call that has one is not tried again. */
export type Bytes = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string;

/** One request. */
export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Begins with a slash. */
  readonly path: string;
  /** What is undefined is left out; lists repeat. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly bytes?: Bytes;
  readonly signal?: AbortSignal | undefined;
  /** The longest wait for the answer of one try, in milliseconds; 30,000 unless given. Of `response`, for its head. */
  readonly timeoutMs?: number;
  /** Milliseconds the call is tried again while nobody answers, where it differs from the gateway's. */
  readonly patienceMs?: number;
}

/** The REST door, as calls that are tried again where that is safe and worth it. */
export interface Gateway {
  readonly url: string;
  /** One try: the response once its head is there. Throws a Fault for any status that is not a success. */
  open(call: Call): Promise<Response>;
  /** Calls, and tries again; answers the body. */
  json<T>(call: Call): Promise<T>;
  /** Calls, and tries again; answers the response with its body unread. */
  response(call: Call): Promise<Response>;
}

/** Opens the REST door. Nothing is sent before the first call. */
export function createGateway(options: GatewayOptions): Gateway {
  const open = async (call: Call): Promise<Response> => {
    const { path, query = {}, headers = {}, json, bytes, method = "GET", signal } = call;
    const authorization = await unlessAborted(options.authorization(), signal);
    const init: RequestInit & { duplex?: "half" } = {
      ...(bytes instanceof ReadableStream ? { duplex: "half" } : {}),
      method,
      redirect: "error",
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...(bytes === undefined ? {} : { "content-type": "application/octet-stream" }),
        ...headers,
      },
      body: json === undefined ? (bytes ?? null) : JSON.stringify(json),
      signal: signal ?? null,
    };
    let response: Response;
    try {
      response = await options.fetch(`${options.url}${path}${toQuery(query)}`, init);
    } catch (cause) {
      throw signal?.aborted ? cancelled(signal) : noGateway(options.url, cause);
    }
    if (response.ok) return response;
    throw await faultFromResponse(response, options.url);
  };

  const attempt = async <T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> => {
    const link = linkSignals(call.signal);
    const timer = startTimeout(call, link.abort);
    try {
      return await read(await open({ ...call, signal: link.signal }));
    } catch (thrown) {
      if (link.signal.aborted) throw cancelled(link.signal);
      throw thrown instanceof Fault ? thrown : new Fault("CONNECTION_LOST", { cause: thrown });
    } finally {
      clearTimeout(timer);
      link[Symbol.dispose]();
    }
  };

  const head = async (call: Call): Promise<Response> => {
    const late = new AbortController();
    const timer = startTimeout(call, (fault) => late.abort(fault));
    try {
      // Never unlinked, since who reads the body ends it with the same signal.
      return await open({ ...call, signal: AbortSignal.any([late.signal, ...(call.signal === undefined ? [] : [call.signal])]) });
    } finally {
      clearTimeout(timer);
    }
  };

  const retrying = async <T>(call: Call, once: () => Promise<T>): Promise<T> => {
    const backoff = createBackoff({ initialMs: 250, maxMs: 5_000 });
    const until = performance.now() + (call.patienceMs ?? options.patienceMs);
    for (;;) {
      try {
        return await once();
      } catch (thrown) {
        const fault = Fault.from(thrown);
        if (call.signal?.aborted) throw cancelled(call.signal);
        const waitMs = Math.max(backoff.next(), fault.retryAfterMs ?? 0);
        const isSpent = call.bytes instanceof ReadableStream;
        const passing = fault.code === "UNAVAILABLE" || fault.code === "RESOURCE_EXHAUSTED";
        if (!passing || isSpent || performance.now() + waitMs > until) throw fault;
        const { signal } = call;
        await delay(waitMs, signal === undefined ? {} : { signal }).catch(() => {
          throw signal === undefined ? fault : cancelled(signal);
        });
      }
    }
  };

  return {
    url: options.url,
    open,
    json: <T>(call: Call) =>
      retrying(call, () =>
        attempt(call, async (response): Promise<T> => {
          const text = await response.text();
          return JSON.parse(text === "" ? "{}" : text);
        }),
      ),
    response: (call) => retrying(call, () => head(call)),
  };
}

function startTimeout({ timeoutMs = 30_000 }: Call, onLate: (fault: Fault) => void): ReturnType<typeof setTimeout> {
  return setTimeout(
    () => onLate(new Fault("DEADLINE_EXCEEDED", { message: "The gateway took too long to answer." })),
    Math.min(timeoutMs, longestTimerMs),
  );
}

function noGateway(url: string, cause: unknown): Fault {
  // An empty one, or one that begins with a slash, is a place of the page's own origin.
  if (url !== "" && !/^(https?:\/\/[^/]|\/)/i.test(url))
    return new Fault("INVALID_REQUEST", {
      message: "CLEW_URL, or the url given, is not a URL of http or https: write it as http://host:port.",
      cause,
    });
  return new Fault("GATEWAY_UNREACHABLE", {
    message: `No gateway answers at ${url}. Is \`npm start\` running? CLEW_URL says where it is looked for.`,
    cause,
  });
}

async function faultFromResponse(response: Response, url: string): Promise<Fault> {
  const retryAfterMs = retryAfter(response.headers.get("retry-after"));
  const wire = wireErrorFromJson(await bodyOf(response), retryAfterMs);
  const requestId = response.headers.get("x-request-id");
  if (wire !== undefined) {
    const isUnexplained = wire.reason === "INTERNAL" && requestId !== null;
    return faultFromWire(isUnexplained ? { ...wire, details: { ...wire.details, requestId } } : wire);
  }
  const { status } = response;
  const message = `${url} answered ${status}, and not in the way of a Clew gateway.`;
  return new Fault(reasonOfStatus(status), { message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function reasonOfStatus(status: number): Reason {
  if (status === 401) return "KEY_INVALID";
  if (status === 403) return "NOT_PERMITTED";
  if (status === 404) return "ROUTE_NOT_FOUND";
  if (status === 429) return "READERS_FULL";
  return status === 502 || status === 503 || status === 504 ? "GATEWAY_UNREACHABLE" : "INTERNAL";
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds, or as a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

function toQuery(query: NonNullable<Call["query"]>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === "object" ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
