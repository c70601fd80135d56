import { connectGrpc } from "@clew/grpc/client";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { Client, credentials, type ServiceDefinition } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { expect, it } from "vitest";
import { startSystem } from "../support/system.ts";

it("answers health without a key, lists the public service by reflection, and nothing else without a key", async () => {
  await using system = await startSystem({ CLEW_API_KEYS: "default:a-key-for-tests" });
  const address = system.orchestratorAddress;
  using runs = connectGrpc(RunServiceService, address);
  await expect(runs.getRun({ runId: "x", wait: undefined })).rejects.toMatchObject({ reason: "KEY_MISSING" });
  await expect(runs.createTicket({ runs: [], types: [], artifacts: false })).rejects.toMatchObject({ reason: "KEY_MISSING" });
  const large = { requestId: "x".repeat(1024 * 1024), spec: undefined };
  await expect(runs.createRun(large)).rejects.toMatchObject({ reason: "BODY_TOO_LARGE" });
  const client = new Client(address, credentials.createInsecure());
  const definition: ServiceDefinition = healthService;
  const check = definition["Check"] ?? definition["check"];
  if (check === undefined) throw new Error("no health check");
  const status = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(check.path, check.requestSerialize, check.responseDeserialize, { service: "" }, (error, value) =>
      error ? reject(error) : resolve(value),
    );
  });
  expect(status).toMatchObject({ status: "SERVING" });
  const listed = await new Promise<Buffer>((resolve, reject) => {
    const call = client.makeBidiStreamRequest(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    );
    call.on("data", resolve).on("error", reject);
    call.write(Buffer.from([0x3a, 0x00])); // list_services: ""
    call.end();
  });
  expect(listed.toString("latin1")).toContain("clew.run.v1.RunService");
  client.close();
});
