import { Fault } from "@clew/fault/fault";
import type { PlaybookRequest, StepOf } from "@clew/playbook/playbook-schema";
import { effectOf } from "@clew/playbook/step-effect";
import { linkSignals } from "@clew/streams/linked-signal";
import { type APIResponse, errors } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { blockedFault } from "../guardrails/guardrail-block.ts";
import type { ActionContext, ActionResult, JsonValue, PrepareAction } from "./action.ts";
import { boundAnswers, decodeBody, isBufferTooLarge } from "./bound-answer.ts";
import { readJsonPath } from "./json-path.ts";
import { firstHop, type Hop, nextHop } from "./request-hop.ts";

const mostHops = 10;
const mostBytes = 10 * 1024 * 1024;
const previewChars = 240;

/**
 * Sends an HTTP request with the browser's cookies. Every address is judged before anything is sent to it; redirects are followed as browsers do, ten at
 * most. An answer must be no error and at most 10 MiB. What may have changed something fails with REQUEST_FAILED, which is never tried again.
 */
export const apiRequest: PrepareAction<StepOf<"api_request">> = async (step, context) => {
  const { request } = step;
  const { signal, redact } = context;
  const first = firstHop(request, context.requestHeaders);
  return async () => {
    try {
      const { response, hop } = await follow(first, request.timeout_ms, context);
      try {
        const text = await readBody(response);
        const where = `${hop.method} ${publicAddress(redact(hop.url))}`;
        const status = response.status();
        if (status >= 400)
          throw failed(`${where} was answered with status ${status}: ${redact(text).replace(/\s+/g, " ").slice(0, previewChars)}`);
        return { did: `Sent ${where} (status ${status})`, ...read(text, request.response, context) };
      } finally {
        await response.dispose().catch(() => {});
      }
    } catch (thrown) {
      signal.throwIfAborted();
      const fault = thrown instanceof Fault ? thrown : networkFault(thrown, request, await context.checks.whyUnreached(request.url));
      if (effectOf(step) === "read" || fault.reason === "GUARDRAIL_BLOCKED") throw fault;
      throw new Fault("REQUEST_FAILED", { message: fault.message, cause: thrown });
    }
  };
};

/** Sends the request, and what its redirects lead to. */
async function follow(first: Hop, timeoutMs: number, context: ActionContext): Promise<{ response: APIResponse; hop: Hop }> {
  const { active, checks, bound, signal } = context;
  const deadline = performance.now() + timeoutMs;
  using cut = linkSignals(signal);
  using _bound = boundAnswers(mostBytes, () => cut.abort(tooLarge()));
  let hop = first;
  for (let hops = 0; ; hops++) {
    const block = await (hops === 0 ? checks.guard.admit(hop.url, signal) : checks.guard.follow(hop.url, signal));
    if (block !== undefined) throw blockedFault(block);
    // A redirect may lead what the first server was to know to another.
    bound?.demand({ action: "api_request", request: hop }, hop.url);
    const headers = await headersOf(hop, context);
    const sending = active.context.request.fetch(hop.url, {
      method: hop.method,
      headers,
      ...(hop.body !== undefined && { data: Buffer.from(hop.body) }),
      maxRedirects: 0,
      maxRetries: 0,
      timeout: Math.max(1, deadline - performance.now()),
      signal: cut.signal,
    });
    const response = await sending.catch((thrown: unknown) => {
      cut.signal.throwIfAborted();
      throw thrown;
    });
    const next = nextHop(hop, response.status(), response.headers()["location"]);
    if (next === undefined) return { response, hop };
    await response.dispose();
    if (hops === mostHops) throw failed(`The request was redirected more than ${mostHops} times.`);
    hop = next;
  }
}

/** A request's headers; where it has cookies of its own, they stand beside the browser's. */
async function headersOf({ url, headers, cookies }: Hop, { active }: ActionContext): Promise<Record<string, string>> {
  if (Object.keys(cookies).length === 0) return { ...headers };
  const known = (await active.context.cookies(url)).map(({ name, value }): [string, string] => [name, value]);
  const all = Object.entries({ ...Object.fromEntries(known), ...cookies });
  return { ...headers, cookie: all.map((pair) => pair.join("=")).join("; ") };
}

async function readBody(response: APIResponse): Promise<string> {
  const body = await response.body();
  const encoding = response.headers()["content-encoding"] ?? "";
  return (
    await decodeBody(body, encoding, mostBytes).catch((thrown: unknown) => {
      throw isBufferTooLarge(thrown) ? tooLarge() : failed("The answer could not be decoded.");
    })
  ).toString("utf8");
}

function tooLarge(): Fault {
  return failed("The answer is larger than 10 MiB: it was cut off. Ask for less of it, or use the action download.");
}

/** What is wanted of an answer, without secrets. */
function read(
  text: string,
  { mode, json_path: path = "" }: PlaybookRequest["response"],
  { redact }: ActionContext,
): Omit<ActionResult, "did"> {
  if (mode === "text") return { found: redact(text) };
  const whole = parse(text);
  const wanted = mode === "json" ? whole : readJsonPath(whole, path);
  if (wanted === undefined) throw failed(`The answer has nothing at '${path}'.`);
  // Free data: no key of it is a message's own.
  const value = redact({ data: wanted }).data;
  return { found: typeof value === "string" ? value : JSON.stringify(value), value };
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault("ACTION_FAILED", { message: "The answer is no JSON.", cause });
  }
}

function networkFault(thrown: unknown, { timeout_ms: timeout }: PlaybookRequest, why: string | undefined): Fault {
  if (thrown instanceof errors.TimeoutError) {
    return new Fault("ACTION_TIMED_OUT", { message: `The request was not answered within ${timeout / 1_000} s.`, cause: thrown });
  }
  const code = why ?? (thrown instanceof Error ? /\b(E[A-Z]{4,}|socket hang up)\b/.exec(thrown.message)?.[1] : undefined);
  return new Fault("ACTION_FAILED", {
    message: `The request could not be sent or was not answered${code ? ` (${code})` : ""}.`,
    cause: thrown,
  });
}

function failed(message: string): Fault {
  return new Fault("ACTION_FAILED", { message });
}
