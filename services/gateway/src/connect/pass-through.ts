import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import type { OnUnexpected } from "../http/unexpected.ts";
import { faultFromConnect } from "../upstream/fault-from-connect.ts";
import { isBiDiStreaming, isClientStreaming, isServerStreaming, isUnary } from "../upstream/method-kind.ts";
import { only } from "../upstream/only.ts";
import type { CallOptions, Upstream } from "../upstream/upstream.ts";
import { toConnectError } from "./to-connect-error.ts";

/** Finds what a call says of its caller to the orchestrator. */
export type ToCallHeaders = (context: HandlerContext) => Readonly<Record<string, string>>;

/** What passing calls on needs. */
export interface PassOptions {
  readonly upstream: Upstream;
  readonly toHeaders: ToCallHeaders;
  readonly onUnexpected: OnUnexpected;
}

/** Registers methods so that they are passed on to the orchestrator, message by message. */
export function passThrough(router: ConnectRouter, methods: readonly DescMethod[], options: PassOptions): void {
  for (const method of methods) passMethod(router, method, options);
}

function passMethod(router: ConnectRouter, method: DescMethod, { upstream, toHeaders, onUnexpected }: PassOptions): void {
  const optionsOf = (context: HandlerContext): CallOptions => {
    const timeoutMs = context.timeoutMs();
    return { headers: toHeaders(context), signal: context.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  };
  if (isUnary(method)) {
    router.rpc(method, async (request, context) => {
      try {
        return await upstream.unary(method, request, optionsOf(context));
      } catch (error) {
        onUnexpected(faultFromConnect(error, context.signal));
        throw toConnectError(error, context.signal);
      }
    });
  } else if (isServerStreaming(method)) {
    router.rpc(method, (request, context) =>
      passStream(upstream.stream(method, only(request), optionsOf(context)), context.signal, onUnexpected),
    );
  } else if (isClientStreaming(method)) {
    router.rpc(method, async (requests, context) => {
      for await (const response of passStream(upstream.stream(method, requests, optionsOf(context)), context.signal, onUnexpected))
        return response;
      throw toConnectError(new Error("The orchestrator answered nothing."));
    });
  } else if (isBiDiStreaming(method)) {
    router.rpc(method, (requests, context) =>
      passStream(upstream.stream(method, requests, optionsOf(context)), context.signal, onUnexpected),
    );
  }
}

/** Passes a stream on; what it throws becomes an error of the caller's protocol. */
export async function* passStream<T>(
  responses: AsyncIterable<T>,
  signal: AbortSignal,
  onUnexpected: OnUnexpected,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* responses;
  } catch (error) {
    onUnexpected(faultFromConnect(error, signal));
    throw toConnectError(error, signal);
  }
}
