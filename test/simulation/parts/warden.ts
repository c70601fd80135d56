import { implement } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { type EventDraft, openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { placesOf } from "@clew/outbox/work-folder";
import { SandboxExited, SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import { SandboxEventServiceService, WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { onDisk } from "../platform/machine.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";
import { startAgent } from "./agent.ts";
import { noteAcknowledged } from "./note-acknowledged.ts";
import { graceMs, type SandboxSettings } from "./sandbox-settings.ts";
import type { Stage } from "./stage.ts";

/** A warden that waits for its settings. */
export interface StartedWarden {
  readonly pid: number;
  /** Gives it its settings: it serves from now on. */
  begin(settings: SandboxSettings): void;
}

/** Starts the host-side half of a sandbox. As the real one, it ends where whoever started it dies before it has its settings. */
export function startWarden(stage: Stage, id: string): StartedWarden {
  const { world } = stage;
  const starter = world.current;
  const warden = world.spawn(`warden ${id}`, () => {});
  const abandon = () => stage.kill(warden);
  starter.onDeath.add(abandon);
  return {
    pid: warden.pid,
    begin(settings) {
      starter.onDeath.delete(abandon);
      world.after(0, warden, () => serve(stage, settings, warden));
    },
  };
}

/** What a warden does: its outbox, its service and its watch over the orchestrator are the real ones. */
function serve(stage: Stage, settings: SandboxSettings, self: SimulatedProcess): void {
  const { world, disk, network } = stage;
  const { id, workFolder, deadlineMs } = settings;
  const outbox = openOutbox({ file: placesOf(workFolder).wardenOutbox });
  const exited = Promise.withResolvers<void>();
  let agent: SimulatedProcess | undefined;
  let cause = "";
  const exit = () => {
    presence[Symbol.dispose]();
    outbox[Symbol.dispose]();
    stage.kill(self);
  };
  const end = async (why: string) => {
    cause ||= why;
    await world.sleep(world.random.whole(0, 20));
    if (agent !== undefined) stage.kill(agent);
    await exited.promise;
  };
  const presence = watchPresence({
    graceMs,
    onAbsent: () => {
      void world
        .sleep(10_000)
        .then(() => end("KILLED"))
        .then(exit);
    },
  });
  // As the real warden does: what finds no room cannot be said.
  const say = (draft: EventDraft) => outbox.append(draft).catch(() => {});
  const sayLast = async () => {
    const value = SandboxExited.fromPartial({ exitCode: cause === "" ? 1 : 0, cause });
    await say({ summary: `Sandbox exited: ${cause}`, payload: { $case: "sandboxExited", value } });
    await outbox.finish().catch(() => {});
    deadline.pending = false;
    exited.resolve();
  };
  const deadline = world.after(deadlineMs, self, () => void end("DEADLINE"));
  network.listen(`unix:/warden.${id}`, [
    implement(SandboxEventServiceService, noteAcknowledged(createEventService(outbox, presence), stage, settings, 2)),
    implement(WardenServiceService, {
      getSandbox: async () => ({
        runId: settings.runId,
        attempt: settings.attempt,
        alive: agent?.isAlive ?? false,
        remainingMs: 0,
        browser: "",
        memoryBytes: 0,
      }),
      setDeadline: async () => ({}),
      claimSandbox: async () => ({}),
      keepSandbox: async () => ({}),
      holdSecrets: async () => ({}),
      async *recallSecrets() {},
      async killSandbox(request) {
        presence.note();
        await end(request.cause);
        return {};
      },
      async *readWorkFile({ name, offset }) {
        presence.note();
        const bytes = await onDisk(0.2, () => Buffer.from(disk.file(`${placesOf(workFolder).files}/${name}`).bytes));
        for (let at = offset; at < bytes.length; at += 64) yield { chunk: bytes.subarray(at, at + 64) };
      },
      async releaseSandbox() {
        await end("RELEASED");
        await onDisk(0.2, () => void (disk.find(workFolder) === undefined || disk.remove(workFolder)));
        void world.sleep(50).then(exit);
        return {};
      },
    }),
  ]);
  void (async () => {
    await world.sleep(world.random.whole(1, 50));
    agent = startAgent(stage, settings);
    const lives = agent;
    self.onDeath.add(() => world.after(world.random.whole(0, 500), world.outside, () => stage.kill(lives)));
    agent.onDeath.add(() => world.after(1, self, () => void sayLast()));
    await world.sleep(world.random.whole(1, 200));
    if (lives.isAlive) {
      const value = SandboxReady.fromPartial({ isolation: "process", browser: "a browser", durationMs: 100 });
      await say({ summary: "Sandbox is ready", payload: { $case: "sandboxReady", value } });
    }
  })();
}
