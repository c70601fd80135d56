import { dirname } from "node:path";
import type { Outbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { modelSocketBeside } from "@clew/outbox/work-folder";
import type { Logger } from "@clew/process/logger";
import { removeFolder } from "@clew/process/remove-folder";
import { delay } from "@clew/streams/delay";
import { ClaimSlot, rehearseClaim } from "./claim.ts";
import type { WardenSettings } from "./config.ts";
import { SandboxEgress } from "./egress/sandbox-egress.ts";
import { startModelRelay } from "./model-relay/model-relay.ts";
import { startSandbox } from "./sandbox.ts";
import { Stays } from "./stay.ts";

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
  await using parts = new AsyncDisposableStack();
  const stays = parts.use(await Stays.open(workFolder));
  const outbox: Pick<Outbox, "append"> = { append: (...said) => stays.current.outbox.append(...said) };
  const ended = Promise.withResolvers<WardenEnd>();
  const egress = parts.use(
    await SandboxEgress.open({
      socketPath: settings.egressSocket,
      recordFile: () => stays.current.places.egress,
      onUnwritten: (error) => log.error({ err: error }, "what the sandbox exchanged could not be written"),
      say(summary, payload) {
        // While it is kept there is nobody to tell.
        if (stays.current.outbox.finished) return;
        outbox.append({ summary, payload }).catch((error: unknown) => log.error({ err: error }, "an event could not be written"));
      },
    }),
  );
  const models = parts.use(
    await startModelRelay({
      socketPath: modelSocketBeside(settings.agentSocket),
      cassettePath: stays.current.places.cassette,
      outbox,
      log,
    }),
  );
  const slot = new ClaimSlot(async (claim, isAgain) => {
    const { stay } = claim;
    const goesOn = stay > 1 && !isAgain;
    log.info({ run: claim.runId, attempt: claim.attempt, stay }, "sandbox is claimed");
    if (goesOn) await stays.begin(stay);
    // What it may call, and has called, stays with the stay.
    if (claim.models !== undefined && !isAgain) await models.grant(claim.models, stays.current.places.cassette);
    // What the pages of the run before asked for until now is not in this one's record.
    if (goesOn) egress.restart();
    if (claim.egress !== undefined) egress.follow(claim.egress);
    if (goesOn) sandbox.goOn(claim.deadlineMs);
    else if (isAgain) sandbox.setDeadline(claim.deadlineMs);
  });
  if (settings.claim !== undefined) await slot.take(settings.claim);
  const sandbox = parts.use(await startSandbox(settings, { slot, stays, egress, models, log }));
  parts.defer(() => sandbox.kill("KILLED"));
  const presence = parts.use(watchPresence({ graceMs, onAbsent: () => void leaveAlone() }));
  // Loaded while the sandbox starts, which takes longer.
  const { serveWarden } = await import("./rpc/serve-warden.ts");
  if (settings.claim === undefined) rehearseClaim();
  parts.use(await serveWarden(settings, { slot, sandbox, stays, release, presence, log }));
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
