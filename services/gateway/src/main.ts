import { announceListening } from "@clew/process/announce";
import { createLogger } from "@clew/process/logger";
import { SettingsError } from "@clew/process/settings";
import { untilSignal } from "@clew/process/until-signal";
import { readConfig } from "./config.ts";
import { GatewayStartError, startGateway } from "./gateway.ts";

try {
  const { logLevel, ...config } = readConfig();
  await using gateway = await startGateway(config, { log: createLogger({ name: "gateway", level: logLevel }) });
  announceListening("gateway", gateway.address);
  await untilSignal();
} catch (error) {
  const isExpected = error instanceof SettingsError || error instanceof GatewayStartError;
  process.stderr.write(`${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
