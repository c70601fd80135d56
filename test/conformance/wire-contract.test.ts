import { globSync, readFileSync } from "node:fs";
import { connectGrpc } from "@clew/grpc/client";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { wireContract } from "@clew/streams/wire-contract";
import { describe, expect, it } from "vitest";
import { openUpstream } from "../../services/gateway/src/upstream/upstream.ts";

const { maxMessageBytes } = wireContract;
/** A message's field and its length take this much besides the bytes it carries, or a little less. */
const overhead = 16;

/** A server whose ReadArtifact answers one message of about so many bytes. */
function serve(bytes: number) {
  const { readArtifact } = RunServiceService;
  const service = implement(
    { readArtifact },
    {
      async *readArtifact() {
        yield { part: { $case: "chunk", value: Buffer.alloc(bytes) } };
      },
    },
  );
  return startGrpcServer({ address: "127.0.0.1:0", services: [service] });
}

describe("the peers of a gRPC connection", () => {
  it("take a message as large as any may be, whichever library reads it", async () => {
    const bytes = maxMessageBytes - overhead;
    await using server = await serve(bytes);
    using client = connectGrpc(RunServiceService, `127.0.0.1:${server.port}`);
    for await (const { part } of client.readArtifact({ runId: "r", name: "n", offset: 0, length: 0 }))
      expect(part?.$case === "chunk" && part.value.byteLength).toBe(bytes);
    using upstream = openUpstream({ kind: "tcp", host: "127.0.0.1", port: server.port });
    async function* request() {
      yield { runId: "r", name: "n" };
    }
    const options = { headers: new Headers(), signal: AbortSignal.timeout(20_000), timeoutMs: undefined };
    for await (const { part } of upstream.stream(RunService.method.readArtifact, request(), options))
      expect(part.case === "chunk" && part.value.byteLength).toBe(bytes);
  });

  it("send no larger one", async () => {
    await using server = await serve(maxMessageBytes);
    using client = connectGrpc(RunServiceService, `127.0.0.1:${server.port}`);
    await expect(Array.fromAsync(client.readArtifact({ runId: "r", name: "n", offset: 0, length: 0 }))).rejects.toMatchObject({
      reason: "INTERNAL",
    });
  });

  it("ping less often than a server would close a connection for, and name no other numbers", () => {
    expect(wireContract.pingIntervalMs).toBeGreaterThanOrEqual(30_000);
    expect(wireContract.leastPingIntervalMs).toBeLessThan(wireContract.pingIntervalMs / 2);
    const own = globSync(["packages/*/src/**/*.ts", "services/*/src/**/*.ts"])
      .filter((file) => !file.endsWith("wire-contract.ts"))
      .filter((file) =>
        /(pingIntervalMs|pingTimeoutMs|keepalive_time_ms"?|keepalive_timeout_ms"?|min_ping_interval\w*"?|(max_receive_message_length|max_send_message_length)"?): *\d/.test(
          readFileSync(file, "utf8"),
        ),
      );
    expect(own).toEqual([]);
  });
});
