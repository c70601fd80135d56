import { fileURLToPath } from "node:url";
import { readConfig } from "@clew/orchestrator/config";
import { startOrchestrator } from "@clew/orchestrator/orchestrator";
import { announceListening } from "@clew/process/announce";
import { createLogger } from "@clew/process/logger";
import { untilSignal } from "@clew/process/until-signal";

// The orchestrator as it is; what works in its sandboxes has been taken over.
const config = readConfig();
const logger = createLogger({ name: "orchestrator", level: config.logLevel });
await using orchestrator = await startOrchestrator(config, logger, fileURLToPath(new URL("inside/hostile-agent.ts", import.meta.url)));
announceListening("orchestrator", orchestrator.address);
if ((await untilSignal()) === "SIGINT") await orchestrator.stopRuns(10_000);
