import { invalidRequest } from "@clew/fault/fault";
import type { Duration } from "@clew/proto/grpc/google/protobuf/duration";
import { limits } from "../runs/limits.ts";

/** Reads how long a caller would wait, in milliseconds. @throws Fault INVALID_REQUEST beyond the bounds. */
export function waitMs(wait: Duration | undefined): number {
  if (wait === undefined) return 0;
  const ms = Number(wait.seconds) * 1000 + wait.nanos / 1_000_000;
  if (!(ms >= 0 && ms <= limits.waitMs)) throw invalidRequest([{ field: "wait", rule: "range", message: "must be 0 to 60 s" }]);
  return ms;
}
