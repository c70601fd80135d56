import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { type EventDraft, openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { Effect, Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionCompleted, OutcomePublished, RunStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import {
  SandboxAgentServiceService,
  SandboxEventServiceService,
  type StartWorkRequest,
} from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { readSettings } from "@clew/sandbox-agent/config";
import { createSandboxAgentService } from "@clew/sandbox-agent/rpc/sandbox-agent-service";
import { WorkSlot } from "@clew/sandbox-agent/rpc/work-slot";
import { produce } from "./load.ts";

/** A sandbox's agent without a browser: outbox, socket and service are the agent's own, its work is a load the run's labels give. */
const { settings, closed } = await readSettings(process.stdin);
void closed.then(() => process.exit(0));

const outbox = openOutbox({ file: join(settings.workFolder, "agent.outbox") });
const presence = watchPresence({ graceMs: settings.graceMs, onAbsent: () => process.exit(1) });
const say = (summary: string, payload: EventDraft["payload"]) => outbox.append({ summary, payload });

const slot = new WorkSlot({
  begin: (request) => {
    const outcome = Outcome.fromPartial({ summary: "All was said." });
    const done = work(request, outcome);
    done.catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
    return { done, stop: async () => outcome, deliver: () => {}, login: { loggedOut: false } };
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
  onUnexpected: (error) => console.error(error),
});
process.stdout.write("ready no browser\n");

async function work({ spec }: StartWorkRequest, outcome: Outcome): Promise<void> {
  const labels = spec?.labels ?? {};
  const load = {
    perSecond: Number(labels["perSecond"]),
    pacedMs: Number(labels["pacedMs"]),
    flatOutMs: Number(labels["flatOutMs"]),
  };
  await say("The work began.", { $case: "runStarted", value: RunStarted.fromPartial({ browser: "none", stepCount: 1 }) });
  await produce(
    load,
    async (resultText) => {
      const value = ActionCompleted.fromPartial({
        stepId: "read",
        actionId: "a1",
        tool: "playbook",
        action: "extract",
        inputSummary: "h1",
        effect: Effect.READ,
        durationMs: 1,
        success: true,
        resultText,
      });
      await say("Read the heading.", { $case: "actionCompleted", value });
    },
    () => outbox.waitAcknowledged(outbox.tail),
  );
  const value = OutcomePublished.fromPartial({ state: Run_State.COMPLETED, outcome });
  await say(outcome.summary, { $case: "outcomePublished", value });
  await outbox.finish();
}
