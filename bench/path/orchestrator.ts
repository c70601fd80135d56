import { fileURLToPath } from "node:url";
import { readConfig } from "@clew/orchestrator/config";
import { startOrchestrator } from "@clew/orchestrator/orchestrator";
import { announceListening } from "@clew/process/announce";
import { createLogger } from "@clew/process/logger";
import { untilSignal } from "@clew/process/until-signal";

/** Milliseconds that a run under way has to end when the benchmark is interrupted. */
const stopMs = 10_000;

// The orchestrator as it is; its sandboxes hold the producer in the agent's place.
const config = readConfig();
const logger = createLogger({ name: "orchestrator", level: config.logLevel });
await using orchestrator = await startOrchestrator(config, logger, fileURLToPath(new URL("producer.ts", import.meta.url)));
announceListening("orchestrator", orchestrator.address);
await untilSignal();
await orchestrator.stopRuns(stopMs);
