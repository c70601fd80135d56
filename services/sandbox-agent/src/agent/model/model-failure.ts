import { APICallError } from "@ai-sdk/provider";
import { Fault } from "@clew/fault/fault";
import { isReason } from "@clew/fault/reasons";

/** What a call that failed means for the next one. */
export interface ModelFailure {
  readonly fault: Fault;
  /** `final`: no model is to be called again. `refused`: not this one with this call. `passing`: the same call may be answered later. */
  readonly kind: "final" | "refused" | "passing";
  /** Milliseconds the provider wants to be left alone; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;
}

/** What the relay itself says: unless it may pass, it ends the run, whatever model is called next. */
const reasonHeader = "x-clew-reason";
const passingStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Says what a failed call of a model means. @param nowMs the time of day, for a provider that names a moment. */
export function modelFailure(error: unknown, model: string, nowMs: number): ModelFailure {
  if (error instanceof Fault) {
    const cause = error.reason === "DEADLINE_EXCEEDED" ? "it did not answer in time" : error.message;
    return { fault: failed(model, cause, error), kind: "passing", retryAfterMs: undefined };
  }
  if (!APICallError.isInstance(error) || error.statusCode === undefined)
    return {
      fault: failed(model, "its answer could not be read, or the connection was cut", error),
      kind: "passing",
      retryAfterMs: undefined,
    };
  const { statusCode, responseHeaders = {}, responseBody = "" } = error;
  const reason = responseHeaders[reasonHeader];
  const said = messageOf(responseBody);
  if (reason !== undefined && isReason(reason)) {
    const fault = new Fault(reason, { ...(said === "" ? {} : { message: said }), details: { model }, cause: error });
    return { fault, kind: fault.retryable ? "passing" : "final", retryAfterMs: undefined };
  }
  const isPassing = statusCode >= 500 || passingStatuses.has(statusCode) || statusCode < 300;
  const what = statusCode < 300 ? "its answer could not be read" : `it answered ${statusCode}${said === "" ? "" : `: ${said}`}`;
  return {
    fault: failed(model, what, error, statusCode),
    kind: isPassing ? "passing" : "refused",
    retryAfterMs: retryAfter(responseHeaders, nowMs),
  };
}

function failed(model: string, what: string, cause: unknown, status?: number): Fault {
  const message = `${model} did not answer: ${what}`.slice(0, 300).replace(/[^.]$/, "$&.");
  return new Fault("MODEL_FAILED", { message, details: { model, ...(status === undefined ? {} : { status: `${status}` }) }, cause });
}

/** What a provider, or the relay, says went wrong: each of them at the same place. */
function messageOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    const error = isObject(parsed) ? parsed["error"] : undefined;
    const message = isObject(error) ? error["message"] : undefined;
    return typeof message === "string" ? message.slice(0, 200) : "";
  } catch {
    return "";
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** `Retry-After`: seconds, or a moment. */
function retryAfter(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const text = headers["retry-after"];
  if (text === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
