import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { fromServiceError } from "./status.ts";

it.each<[what: string, code: status, details: string, reason: string]>([
  ["a peer that cannot be reached", status.UNAVAILABLE, "No connection established.", "SANDBOX_UNREACHABLE"],
  [
    "a peer that died while it was being written to",
    status.INTERNAL,
    "Received RST_STREAM with code 2 triggered by internal client error: write EPIPE",
    "SANDBOX_UNREACHABLE",
  ],
  ["a mistake of the transport's own", status.INTERNAL, "Response message parsing error", "INTERNAL"],
])("takes %s for what it is", (_, code, details, reason) => {
  const error: ServiceError = Object.assign(new Error(details), { code, details, metadata: new Metadata() });
  expect(fromServiceError(error)).toMatchObject({ reason });
});
