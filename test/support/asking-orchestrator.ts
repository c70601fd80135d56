import { fileURLToPath } from "node:url";
import { readConfig } from "@clew/orchestrator/config";
import { startOrchestrator } from "@clew/orchestrator/orchestrator";
import { announceListening } from "@clew/process/announce";
import { createLogger } from "@clew/process/logger";
import { untilSignal } from "@clew/process/until-signal";

// The orchestrator as it is; its sandboxes hold an agent that asks people.
const config = readConfig();
const logger = createLogger({ name: "orchestrator", level: config.logLevel });
await using orchestrator = await startOrchestrator(config, logger, fileURLToPath(new URL("asking-agent.ts", import.meta.url)));
announceListening("orchestrator", orchestrator.address);
if ((await untilSignal()) === "SIGINT") await orchestrator.stopRuns(10_000);
