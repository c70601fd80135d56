import type { Code } from "@clew/fault/code";
import type { Fault, Violation } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";

/** The one shape of an error at every plain HTTP door. */
export interface ErrorBody {
  readonly error: {
    /** One of the 16 gRPC names. */
    readonly code: Code;
    /** Our own stable word. */
    readonly reason: Reason;
    readonly message: string;
    readonly retryable: boolean;
    /** Facts by name; `violations` where fields are wrong. */
    readonly details: Readonly<Record<string, string | readonly Violation[]>>;
  };
}

const defaultRetryAfterMs = 1_000;

/** Writes a Fault in the common shape. */
export function toErrorBody(fault: Fault): ErrorBody {
  const { code, reason, message, retryable, details, violations } = fault;
  return { error: { code, reason, message, retryable, details: violations.length > 0 ? { ...details, violations } : details } };
}

/** The headers that belong to a Fault: when to come back, and how to say who asks. */
export function toErrorHeaders(fault: Fault): Record<string, string> {
  const headers: Record<string, string> = { "cache-control": "no-store" };
  if (fault.status === 429 || fault.status === 503) {
    headers["retry-after"] = String(Math.max(1, Math.ceil((fault.retryAfterMs ?? defaultRetryAfterMs) / 1_000)));
  }
  if (fault.status === 401) headers["www-authenticate"] = "Bearer";
  return headers;
}
