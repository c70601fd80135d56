import { codeFromNumber, codes } from "@clew/fault/code";
import { Fault, type Violation } from "@clew/fault/fault";
import { fitForHeaders } from "@clew/fault/fit-for-headers";
import { isReason } from "@clew/fault/reasons";
import { BadRequest, ErrorInfo, RetryInfo } from "@clew/proto/grpc/google/rpc/error_details";
import { Status } from "@clew/proto/grpc/google/rpc/status";
import { Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";

/** The domain of our reasons in google.rpc.ErrorInfo. */
export const errorDomain = "clew";

const typePrefix = "type.googleapis.com/google.rpc.";
const detailsKey = "grpc-status-details-bin";

/**
 * Translates a Fault to what grpc-js sends: its code, its message, and google.rpc details with reason, fields and retry time; of fields as many as an
 * answer's headers can carry.
 */
export function toStatus(given: Fault): StatusObject {
  const fault = fitForHeaders(given);
  const details = [
    {
      typeUrl: `${typePrefix}ErrorInfo`,
      value: Buffer.from(
        ErrorInfo.encode(ErrorInfo.fromPartial({ reason: fault.reason, domain: errorDomain, metadata: fault.details })).finish(),
      ),
    },
  ];
  if (fault.violations.length > 0) {
    const fieldViolations = fault.violations.map(({ field, rule, message }) => ({ field, reason: rule, description: message }));
    details.push({
      typeUrl: `${typePrefix}BadRequest`,
      value: Buffer.from(BadRequest.encode(BadRequest.fromPartial({ fieldViolations })).finish()),
    });
  }
  if (fault.retryAfterMs !== undefined) {
    const retryDelay = { seconds: Math.floor(fault.retryAfterMs / 1000), nanos: (fault.retryAfterMs % 1000) * 1_000_000 };
    details.push({
      typeUrl: `${typePrefix}RetryInfo`,
      value: Buffer.from(RetryInfo.encode(RetryInfo.fromPartial({ retryDelay })).finish()),
    });
  }
  const code = codes[fault.code].number;
  const metadata = new Metadata();
  metadata.set(detailsKey, Buffer.from(Status.encode(Status.fromPartial({ code, message: fault.message, details })).finish()));
  return { code, details: fault.message, metadata };
}

/** Translates what grpc-js threw to a Fault: the one that was sent, or the nearest for an error of the transport. */
export function fromServiceError(error: ServiceError): Fault {
  const [bytes] = error.metadata?.get(detailsKey) ?? [];
  if (bytes instanceof Uint8Array) {
    const sent = decodeStatus(bytes, error.details);
    if (sent !== undefined) return sent;
  }
  switch (codeFromNumber(error.code)) {
    case "CANCELLED":
      return new Fault("CANCELLED", { cause: error });
    case "DEADLINE_EXCEEDED":
      return new Fault("DEADLINE_EXCEEDED", { cause: error });
    case "UNAVAILABLE":
      return unreachable(error);
    case "INTERNAL":
      // grpc-js says this of a peer that died while it was being written to (EPIPE); what a service of ours means by it has details.
      return error.details.startsWith("Received RST_STREAM") ? unreachable(error) : new Fault("INTERNAL", { cause: error });
    case "RESOURCE_EXHAUSTED":
      // grpc-js says this of a stream that was reset with ENHANCE_YOUR_CALM, as one is whose reader took nothing.
      return new Fault(error.details.startsWith("Bandwidth exhausted") ? "STALLED" : "INTERNAL", { cause: error });
    case "UNIMPLEMENTED":
      return new Fault("NOT_IMPLEMENTED", { cause: error });
    default:
      return new Fault("INTERNAL", { cause: error });
  }
}

function unreachable(cause: ServiceError): Fault {
  return new Fault("SANDBOX_UNREACHABLE", { message: "The other side does not answer.", cause });
}

function decodeStatus(bytes: Uint8Array, message: string): Fault | undefined {
  let reason: string | undefined;
  let details: Readonly<Record<string, string>> = {};
  let violations: Violation[] = [];
  let retryAfterMs: number | undefined;
  for (const { typeUrl, value } of Status.decode(bytes).details) {
    if (typeUrl === `${typePrefix}ErrorInfo`) {
      const info = ErrorInfo.decode(value);
      if (info.domain === errorDomain) ({ reason, metadata: details } = info);
    } else if (typeUrl === `${typePrefix}BadRequest`) {
      violations = BadRequest.decode(value).fieldViolations.map((violation) => ({
        field: violation.field,
        rule: violation.reason,
        message: violation.description,
      }));
    } else if (typeUrl === `${typePrefix}RetryInfo`) {
      const { retryDelay } = RetryInfo.decode(value);
      if (retryDelay !== undefined) retryAfterMs = Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1_000_000;
    }
  }
  if (reason === undefined || !isReason(reason)) return undefined;
  return new Fault(reason, { message, details, violations, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}
