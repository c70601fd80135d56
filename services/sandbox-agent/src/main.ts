import { untilSignal } from "@clew/process/until-signal";
import { readSettings } from "./config.ts";
import { startBrowser } from "./start-browser.ts";

/** Milliseconds to close everything once the warden has closed. */
const closeMs = 2_000;

// Who reads the log may end first.
process.stderr.on("error", () => {});
const { settings, closed } = await readSettings(process.stdin);
// The browser takes longest of all to start: everything else is loaded meanwhile.
const { spawned, launched } = startBrowser(settings);
await spawned;
const { createLogger } = await import("@clew/process/logger");
const { startSandboxAgent } = await import("./sandbox-agent.ts");
// Standard output belongs to the warden, for the one line it waits for.
const log = createLogger({ name: "sandbox-agent", level: settings.logLevel, destination: process.stderr }).child({
  sandbox: settings.sandboxId,
});
// The warden's end, asked for or not, is this process's end: also while it starts, and when closing takes too long.
void closed.then(() => setTimeout(() => process.exit(1), closeMs));
const agent = await startSandboxAgent(settings, launched, log);
process.stdout.write(`ready ${agent.browserVersion}\n`);
const why = await Promise.race([agent.ended, closed.then(() => "WARDEN_CLOSED"), untilSignal()]);
log.info({ why }, "sandbox agent ends");
await agent[Symbol.asyncDispose]();
process.exit(why === "BROWSER_LOST" ? 1 : 0);
