import type { Fault } from "@clew/fault/fault";
import type { CallContext } from "@clew/grpc/service";
import type { Logger } from "@clew/process/logger";
import { header } from "./header.ts";
import { runOf } from "./request-run.ts";

const saneRequestId = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Makes what writes one line of each call when it ends: which one, how it ended, how long it took, its request id and
 * its run, and nothing else of what was sent. The request id is the caller's where that is sane, and is answered.
 */
export function createCallLog(log: Logger, newId: () => string): (context: CallContext, request: unknown) => (fault?: Fault) => void {
  return (context, request) => {
    const given = header(context, "x-request-id");
    const requestId = given !== undefined && saneRequestId.test(given) ? given : newId();
    context.setHeader("x-request-id", requestId);
    const run = runOf(request);
    const begunAt = performance.now();
    return (fault) => {
      const method = context.path.slice(context.path.lastIndexOf("/") + 1);
      const { code = "OK", reason } = fault ?? {};
      log.info({ method, code, reason, durationMs: Math.round(performance.now() - begunAt), requestId, run }, "call ended");
    };
  };
}
