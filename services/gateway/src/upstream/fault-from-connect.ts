import { Fault, type Violation } from "@clew/fault/fault";
import { isReason, type Reason } from "@clew/fault/reasons";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError } from "@connectrpc/connect";

/** The domain of our reasons in google.rpc.ErrorInfo. */
export const errorDomain = "clew";

/** What an error without a reason of ours means. The first four are how a lost connection looks from here. */
const reasonsByCode: Partial<Record<Code, Reason>> = {
  [Code.Unavailable]: "ORCHESTRATOR_UNAVAILABLE",
  [Code.Aborted]: "ORCHESTRATOR_UNAVAILABLE",
  [Code.Canceled]: "ORCHESTRATOR_UNAVAILABLE",
  [Code.Unknown]: "ORCHESTRATOR_UNAVAILABLE",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.Unimplemented]: "NOT_IMPLEMENTED",
  [Code.InvalidArgument]: "INVALID_REQUEST",
  [Code.Unauthenticated]: "KEY_INVALID",
  [Code.PermissionDenied]: "NOT_PERMITTED",
};

/**
 * Translates what a call of the orchestrator threw to a Fault: the one that was sent, or the nearest for an error of the transport.
 *
 * An error that follows from the caller's own `signal` becomes the signal's reason.
 */
export function faultFromConnect(thrown: unknown, signal?: AbortSignal): Fault {
  if (thrown instanceof Fault) return thrown;
  if (signal?.aborted) return signal.reason instanceof Fault ? signal.reason : new Fault("CANCELLED", { cause: thrown });
  if (!(thrown instanceof ConnectError)) return Fault.from(thrown);
  const info = findInfo(thrown);
  const reason = info?.reason ?? "";
  if (!isReason(reason))
    return new Fault(isClosedStream(thrown) ? "ORCHESTRATOR_UNAVAILABLE" : (reasonsByCode[thrown.code] ?? "INTERNAL"), { cause: thrown });
  const violations = thrown
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) =>
      fieldViolations.map((violation): Violation => ({ field: violation.field, rule: violation.reason, message: violation.description })),
    );
  const [retry] = thrown.findDetails(RetryInfoSchema);
  const retryAfterMs = retry?.retryDelay && Number(retry.retryDelay.seconds) * 1_000 + retry.retryDelay.nanos / 1_000_000;
  return new Fault(reason, {
    message: thrown.rawMessage,
    details: info?.metadata ?? {},
    violations,
    cause: thrown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Whether an error was said by a service of ours, not by a transport on the way. */
export function isOurs(error: ConnectError): boolean {
  return findInfo(error) !== undefined;
}

/**
 * Whether HTTP/2 itself ended the call: an orchestrator that is leaving refuses it, the whole connection broke, or it ended an answer before
 * the status that ends each. The transport calls all of it internal.
 */
function isClosedStream({ code, rawMessage }: ConnectError): boolean {
  return code === Code.Internal && (closed.test(rawMessage) || rawMessage === "protocol error: missing status");
}

const closed = /\b(stream|session) closed with error code /i;

function findInfo(error: ConnectError) {
  return error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === errorDomain);
}
