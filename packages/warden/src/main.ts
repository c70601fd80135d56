import { createLogger } from "@clew/process/logger";
import { untilSignal } from "@clew/process/until-signal";
import { readSettings } from "./config.ts";
import { startWarden } from "./warden.ts";

const settings = await readSettings(process.stdin);
const log = createLogger({ name: "warden", level: settings.logLevel }).child({ sandbox: settings.sandboxId });
const warden = await startWarden(settings, log);
const why = await Promise.race([warden.ended, untilSignal()]);
log.info({ why }, "warden ends");
await warden.end({ keepFolder: why === "SIGTERM" || why === "SIGINT" });
process.exit(0);
