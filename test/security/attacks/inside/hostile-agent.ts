import { createHash } from "node:crypto";
import { mkdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { OutcomePublished, RunStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { SandboxAgentServiceService, SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { readSettings } from "@clew/sandbox-agent/config";
import { bombs } from "./bombs.ts";
import { fileAttacks } from "./file-attacks.ts";
import { forgedFiles } from "./forged-files.ts";
import { networkAttacks } from "./network-attacks.ts";
import { processAttacks } from "./process-attacks.ts";
import { type Targets, targets } from "./targets.ts";

/** What works in a sandbox once somebody else has taken it over: it holds what the agent holds, and tries all it can. */
const { settings, closed } = await readSettings(process.stdin);
void closed.then(() => process.exit(0));

const outbox = openOutbox({ file: join(settings.workFolder, "agent.outbox") });
const presence = watchPresence({ graceMs: settings.graceMs, onAbsent: () => process.exit(1) });
let begun = false;

const proof = channelCredentials(settings.secret);
await unlink(settings.socketPath).catch(() => {});
await startGrpcServer({
  address: `unix:${settings.socketPath}`,
  services: [
    implement(SandboxEventServiceService, createEventService(outbox, presence)),
    implement(SandboxAgentServiceService, {
      startWork: async ({ playbookSource, spec }) => {
        const [line = ""] = playbookSource.split("\n");
        if (!begun) void work(targets.parse(JSON.parse(line.slice(1))), spec?.labels["does"] ?? "");
        begun = true;
        return {};
      },
      stopWork: async () => {
        await outbox.finish();
        return { partialOutcome: undefined };
      },
      deliverInput: async () => ({}),
      takeBrowserState: async () => ({ loggedOut: false }),
      keepBrowser: async () => ({ kept: false }),
      beginStay: async () => ({}),
    }),
  ],
  authorize(context) {
    proof.authorize(context);
    presence.note();
  },
  onUnexpected: (error) => void process.stderr.write(`${String(error)}\n`),
});
process.stdout.write("ready no browser\n");

async function work(aims: Targets, does: string): Promise<void> {
  await outbox.append({
    summary: "It began.",
    payload: { $case: "runStarted", value: RunStarted.fromPartial({ browser: "none", stepCount: 1 }) },
  });
  if (does === "waits") return;
  const bomb = bombs[does];
  if (bomb !== undefined) return await bomb(settings.workFolder);
  const got: Record<string, string> = {};
  // The victim's end comes last.
  for (const attacks of [fileAttacks, networkAttacks, processAttacks]) {
    for (const [name, attempt] of Object.entries(attacks)) {
      got[name] = (await attempt(aims, settings).catch(() => undefined)) ?? "";
    }
  }
  await forgeFiles(aims);
  const outcome = Outcome.fromPartial({ summary: "All was tried.", data: { got } });
  const value = OutcomePublished.fromPartial({ state: Run_State.COMPLETED, outcome });
  await outbox.append({ summary: outcome.summary, payload: { $case: "outcomePublished", value } });
  await outbox.finish();
}

/** Announces files by names, sizes and hashes that are none, and one that is. */
async function forgeFiles({ file, marker }: Targets): Promise<void> {
  const folder = join(settings.workFolder, "files");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "honest.txt"), "honest");
  for (const forged of await forgedFiles(folder, file, marker)) {
    await outbox.append({ summary: "A file is ready.", payload: { $case: "artifactReady", value: ArtifactReady.fromPartial(forged) } });
  }
  const sha256 = createHash("sha256").update("honest").digest("hex");
  const honest = ArtifactReady.fromPartial({ name: "honest.txt", contentType: "text/plain", sizeBytes: 6, sha256 });
  await outbox.append({ summary: "A file is ready.", payload: { $case: "artifactReady", value: honest } });
}
