import { unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { createLogger } from "@clew/process/logger";
import { SandboxAgentServiceService, SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { readSettings } from "@clew/sandbox-agent/config";
import type { Report } from "@clew/sandbox-agent/report";
import { createSandboxAgentService } from "@clew/sandbox-agent/rpc/sandbox-agent-service";
import { WorkSlot } from "@clew/sandbox-agent/rpc/work-slot";
import { startWork } from "@clew/sandbox-agent/work";

/** A sandbox's agent as it is, but that a run with the label `intent: unconfirmed` has it not wait before it writes: what the wait costs is the difference. */
const { settings, closed } = await readSettings(process.stdin);
void closed.then(() => process.exit(0));
const log = createLogger({ name: "agent", level: "error", destination: process.stderr });
const outbox = openOutbox({ file: join(settings.workFolder, "agent.outbox") });
const presence = watchPresence({ graceMs: settings.graceMs, onAbsent: () => process.exit(1) });
const browser = await launchBrowser({
  executablePath: settings.chromiumPath,
  sandbox: settings.chromiumSandbox,
  headless: settings.headless,
  workFolder: settings.workFolder,
  tempFolder: dirname(settings.socketPath),
  sandboxId: settings.sandboxId,
});
const say: Report["say"] = async (event) => void (await outbox.append(event));
const confirm: Report["confirm"] = async (event) => await outbox.waitAcknowledged(await outbox.append(event));
const slot = new WorkSlot({
  begin(request) {
    const waits = request.spec?.labels["intent"] !== "unconfirmed";
    const report = { say, confirm: waits ? confirm : say };
    const work = startWork({ request, browser, report, workFolder: settings.workFolder, askWarden: async () => ({}), log });
    void work.done.then(() => outbox.finish()).then(() => browser[Symbol.asyncDispose]());
    return work;
  },
});
const proof = channelCredentials(settings.secret);
await unlink(settings.socketPath).catch(() => {});
await startGrpcServer({
  address: `unix:${settings.socketPath}`,
  services: [
    implement(SandboxEventServiceService, createEventService(outbox, presence)),
    implement(SandboxAgentServiceService, createSandboxAgentService(slot)),
  ],
  authorize(context) {
    proof.authorize(context);
    presence.note();
  },
  onUnexpected: (error, path) => log.error({ error, path }, "call failed unexpectedly"),
});
process.stdout.write(`ready ${browser.version}\n`);
