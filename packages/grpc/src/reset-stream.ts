import { constants, type Http2Stream } from "node:http2";

/**
 * Resets a call's stream with ENHANCE_YOUR_CALM, which a gRPC client takes for RESOURCE_EXHAUSTED: what waits for its reader is let go at once.
 * grpc-js has no call for this, so the stream is looked up inside; where a later version keeps it elsewhere, nothing is done.
 */
export function resetStream(call: object): void {
  const inner: unknown = Reflect.get(call, "call");
  const stream: unknown = typeof inner === "object" && inner !== null ? Reflect.get(inner, "stream") : undefined;
  if (isHttp2Stream(stream)) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

function isHttp2Stream(value: unknown): value is Http2Stream {
  return typeof value === "object" && value !== null && "rstCode" in value && "close" in value && typeof value.close === "function";
}
