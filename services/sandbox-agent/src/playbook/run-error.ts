import type { Fault } from "@clew/fault/fault";
import type { Redact } from "@clew/playbook/redact";
import { RunError } from "@clew/proto/grpc/clew/run/v1/run";
import { cutBytes } from "./shorten.ts";

const messageBytes = 2_000;

/** Writes a Fault as events and outcomes carry it, without secrets, and with another message where one is given. */
export function runErrorOf(
  fault: Fault,
  redact: Redact,
  message: string = fault.message,
  details: Readonly<Record<string, string>> = {},
): RunError {
  return RunError.fromPartial({
    code: fault.code,
    reason: fault.reason,
    message: cutBytes(redact(message), messageBytes),
    retryable: fault.retryable,
    ...redact({ details: { ...fault.details, ...details } }),
  });
}
