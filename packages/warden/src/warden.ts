import { constants } from "node:fs";
import { mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { modelSocketBeside, placesOf } from "@clew/outbox/work-folder";
import type { Logger } from "@clew/process/logger";
import { removeFolder } from "@clew/process/remove-folder";
import { SandboxEventServiceService, WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { delay } from "@clew/streams/delay";
import { ClaimSlot } from "./claim.ts";
import type { WardenSettings } from "./config.ts";
import { SandboxEgress } from "./egress/sandbox-egress.ts";
import { startModelRelay } from "./model-relay/model-relay.ts";
import { createWardenService } from "./rpc/warden-service.ts";
import { startSandbox } from "./sandbox.ts";

/** Why a warden ends by itself. */
export type WardenEnd = "RELEASED" | "ORCHESTRATOR_ABSENT";

/** A running warden. */
export interface Warden {
  /** Resolves when there is nothing left to stay for. */
  readonly ended: Promise<WardenEnd>;
  /** Ends the sandbox, closes the socket and removes the sockets' folder, and removes the sandbox's folder unless it is to be kept. */
  end(options: { readonly keepFolder: boolean }): Promise<void>;
}

/** Milliseconds an agent whose orchestrator is gone has to end by itself before it is killed. */
const finishMs = 10_000;

/** Starts the sandbox and serves it. Rejects when it cannot be started, with nothing of it left but its folder. */
export async function startWarden(settings: WardenSettings, log: Logger): Promise<Warden> {
  const { workFolder, wardenSocket, graceMs } = settings;
  const places = placesOf(workFolder);
  await mkdir(places.files, { recursive: true, mode: 0o700 });
  await using parts = new AsyncDisposableStack();
  const files = parts.use(await open(places.files, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  const outbox = parts.use(openOutbox({ file: places.wardenOutbox }));
  const ended = Promise.withResolvers<WardenEnd>();
  const egress = parts.use(
    await SandboxEgress.open({
      socketPath: settings.egressSocket,
      say: (summary, payload) =>
        void outbox.append({ summary, payload }).catch((error: unknown) => log.error({ err: error }, "an event could not be written")),
    }),
  );
  const models = parts.use(
    await startModelRelay({ socketPath: modelSocketBeside(settings.agentSocket), cassettePath: places.cassette, outbox, log }),
  );
  const slot = new ClaimSlot(async (claim) => {
    log.info({ run: claim.runId, attempt: claim.attempt }, "sandbox is claimed");
    if (claim.models !== undefined) await models.grant(claim.models);
    if (claim.egress !== undefined) egress.follow(claim.egress);
  });
  if (settings.claim !== undefined) await slot.take(settings.claim);
  const sandbox = parts.use(await startSandbox(settings, { slot, outbox, egress, models, log }));
  parts.defer(() => sandbox.kill("KILLED"));
  const presence = parts.use(watchPresence({ graceMs, onAbsent: () => void leaveAlone() }));
  const proof = channelCredentials(settings.wardenSecret);
  await unlink(wardenSocket).catch(() => {});
  parts.use(
    await startGrpcServer({
      address: `unix:${wardenSocket}`,
      services: [
        implement(SandboxEventServiceService, createEventService(outbox, presence)),
        implement(WardenServiceService, createWardenService({ slot, sandbox, files, release })),
      ],
      authorize(context) {
        proof.authorize(context);
        presence.note();
      },
      onUnexpected: (error, path) => log.error({ err: error, path }, "call failed unexpectedly"),
    }),
  );
  const running = parts.move();
  return {
    ended: ended.promise,
    async end({ keepFolder }) {
      await sandbox.kill("KILLED");
      await running.disposeAsync();
      await removeFolder(dirname(wardenSocket));
      if (!keepFolder) await removeFolder(workFolder);
    },
  };

  async function release(): Promise<void> {
    await sandbox.end("RELEASED");
    await removeFolder(workFolder);
    ended.resolve("RELEASED");
  }

  async function leaveAlone(): Promise<void> {
    log.warn("no orchestrator for the grace time");
    await Promise.race([sandbox.exited, delay(Math.min(finishMs, graceMs))]);
    ended.resolve("ORCHESTRATOR_ABSENT");
  }
}
