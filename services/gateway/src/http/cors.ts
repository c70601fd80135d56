import { cors } from "@connectrpc/connect";

/** Headers a page of a configured origin may send, beside those every page may. */
const allowedHeaders = [
  ...cors.allowedHeaders,
  "authorization",
  "idempotency-key",
  "last-event-id",
  "range",
  "if-range",
  "if-none-match",
  "x-request-id",
  "traceparent",
];
/** Headers such a page may read. */
const exposedHeaders = [...cors.exposedHeaders, "location", "retry-after", "etag", "content-range", "content-disposition", "x-request-id"];

/** The headers that let a page of a configured origin read the answer. */
export function corsHeaders(origin: string): Record<string, string> {
  return { "access-control-allow-origin": origin, "access-control-expose-headers": exposedHeaders.join(", "), vary: "Origin" };
}

/** The headers that answer a page's question whether it may call. */
export function preflightHeaders(origin: string): Record<string, string> {
  return {
    ...corsHeaders(origin),
    "access-control-allow-methods": "GET, HEAD, POST, DELETE",
    "access-control-allow-headers": allowedHeaders.join(", "),
    "access-control-allow-private-network": "true",
    "access-control-max-age": "600",
  };
}
