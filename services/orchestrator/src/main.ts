import { announceListening } from "@clew/process/announce";
import { boundClosing } from "@clew/process/bound-closing";
import { createLogger } from "@clew/process/logger";
import { SettingsError } from "@clew/process/settings";
import { untilSignal } from "@clew/process/until-signal";
import { readConfig } from "./config.ts";
import { startOrchestrator } from "./orchestrator.ts";

/** A run that is asked to stop has its grace, and a minute to put its things in order. */
const stopMs = 70_000;
/** Milliseconds that closing may take after that. */
const closeMs = 15_000;

try {
  const config = readConfig();
  const logger = createLogger({ name: "orchestrator", level: config.logLevel });
  await using orchestrator = await startOrchestrator(config, logger);
  announceListening("orchestrator", orchestrator.address);
  if ((await untilSignal()) === "SIGINT") await orchestrator.stopRuns(stopMs);
  // The volume is whole at every instant: what is not over then is the next orchestrator's to go on with.
  boundClosing(logger, closeMs);
} catch (error) {
  process.stderr.write(`${error instanceof SettingsError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
