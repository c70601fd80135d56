import { createLogger } from "@clew/process/logger";
import { untilSignal } from "@clew/process/until-signal";
import { readConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";

const { logLevel, ...config } = readConfig();
const log = createLogger({ name: "gateway", level: logLevel });
await using gateway = await startGateway(config, { log });
log.info({ url: gateway.url }, "gateway listens");
const signal = await untilSignal();
log.info({ signal }, "gateway stops");
