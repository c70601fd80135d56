import { codes } from "@clew/fault/code";
import type { Fault } from "@clew/fault/fault";
import { fitForHeaders } from "@clew/fault/fit-for-headers";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorDomain, faultFromConnect, isOurs } from "../upstream/fault-from-connect.ts";

/** Passes an error of the orchestrator on with its code and all its details; any other becomes the Fault it means. */
export function toConnectError(thrown: unknown, signal?: AbortSignal): ConnectError {
  if (thrown instanceof ConnectError && isOurs(thrown)) {
    // A new one, because the headers of the orchestrator's answer are no business of our caller.
    const passed = new ConnectError(thrown.rawMessage, thrown.code);
    passed.details = thrown.details;
    return passed;
  }
  return connectErrorOf(faultFromConnect(thrown, signal));
}

/** Writes a Fault as Connect and gRPC-Web carry it: reason, fields and retry time are google.rpc details, as large as gRPC's may be. */
export function connectErrorOf(fault: Fault): ConnectError {
  const { message, reason, details, violations, retryAfterMs } = fitForHeaders(fault);
  const error = new ConnectError(message, toCode(fault), undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: errorDomain, metadata: details } },
  ]);
  if (violations.length > 0) {
    const fieldViolations = violations.map(({ field, rule, message: description }) => ({ field, reason: rule, description }));
    error.details.push({ desc: BadRequestSchema, value: { fieldViolations } });
  }
  if (retryAfterMs !== undefined) {
    const seconds = BigInt(Math.floor(retryAfterMs / 1_000));
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay: { seconds, nanos: Math.round(retryAfterMs % 1_000) * 1_000_000 } } });
  }
  return error;
}

function toCode(fault: Fault): Code {
  const { number } = codes[fault.code];
  return Object.values(Code).find((code) => code === number) === undefined ? Code.Unknown : number;
}
