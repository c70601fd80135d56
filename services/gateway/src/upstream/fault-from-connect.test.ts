import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { faultFromConnect } from "./fault-from-connect.ts";

it.each<[what: string, Code, message: string, reason: string]>([
  [
    "a call that an orchestrator refuses while it leaves",
    Code.Internal,
    "Stream closed with error code NGHTTP2_REFUSED_STREAM",
    "ORCHESTRATOR_UNAVAILABLE",
  ],
  ["a connection that ends in an error of HTTP/2's own", Code.Internal, "Session closed with error code 2", "ORCHESTRATOR_UNAVAILABLE"],
  ["a call that it ends so", Code.Internal, "http/2 stream closed with error code INTERNAL_ERROR (0x2)", "ORCHESTRATOR_UNAVAILABLE"],
  ["an answer that breaks off without its status", Code.Internal, "protocol error: missing status", "ORCHESTRATOR_UNAVAILABLE"],
  ["a connection that is reset", Code.Aborted, "read ECONNRESET", "ORCHESTRATOR_UNAVAILABLE"],
  ["what nobody meant", Code.Internal, "a mistake", "INTERNAL"],
])("takes %s for what it is", (_, code, message, reason) => {
  expect(faultFromConnect(new ConnectError(message, code))).toMatchObject({ reason });
});
