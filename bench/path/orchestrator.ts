import { fileURLToPath } from "node:url";
import { startGrpcServer } from "@clew/grpc/server";
import { Catalogue } from "@clew/orchestrator/playbooks/catalogue";
import { Registry } from "@clew/orchestrator/registry/registry";
import { createRunService } from "@clew/orchestrator/rpc/run-service";
import { createProcessProvider } from "@clew/orchestrator/sandboxes/process-provider";
import { Runs } from "@clew/orchestrator/supervisor/runs";
import { Tombstones } from "@clew/orchestrator/volume/tombstones";
import { openVolume } from "@clew/orchestrator/volume/volume";
import { announceListening } from "@clew/process/announce";
import { createLogger } from "@clew/process/logger";
import { untilSignal } from "@clew/process/until-signal";

/** Milliseconds that a run under way has to end when the benchmark is interrupted. */
const stopMs = 10_000;

// The orchestrator of its own parts, on the volume that CLEW_VOLUME names; its sandboxes hold the producer in the agent's place.
const folder = process.env["CLEW_VOLUME"] ?? "";
const logger = createLogger({ name: "orchestrator", level: "warn" });
const volume = await openVolume(folder);
using registry = new Registry(folder);
const provider = createProcessProvider({
  node: process.execPath,
  wardenPath: fileURLToPath(import.meta.resolve("@clew/warden/main")),
  agentPath: fileURLToPath(new URL("producer.ts", import.meta.url)),
  chromium: { executablePath: process.execPath, sandbox: false },
  headless: true,
  adoptionGraceMs: 2_000,
  log: logger,
});
await using runs = new Runs({
  volume,
  registry,
  tombstones: await Tombstones.open(folder),
  provider,
  maxConcurrentRuns: 1,
  maxQueuedRuns: 1,
  logger,
});
await using server = await startGrpcServer({
  address: "127.0.0.1:0",
  services: [createRunService({ runs, catalogue: new Catalogue(undefined), volume, keys: [] })],
  onUnexpected: (error, path) => logger.error({ error, path }, "call failed unexpectedly"),
});
announceListening("orchestrator", `127.0.0.1:${server.port}`);
await untilSignal();
await runs.stopAll(0, AbortSignal.timeout(stopMs));
