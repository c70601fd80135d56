import { createHash } from "node:crypto";
import { implement } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { type EventDraft, openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { placesOf } from "@clew/outbox/work-folder";
import { Artifact_Kind, Effect, Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionCompleted, ActionStarted, OutcomePublished, RunStarted, StepCompleted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { SandboxAgentServiceService, SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import type { RunPlan, WorkStep } from "../plan.ts";
import { onDisk } from "../platform/machine.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";
import { noteAcknowledged } from "./note-acknowledged.ts";
import { graceMs, type SandboxSettings } from "./sandbox-settings.ts";
import type { Stage } from "./stage.ts";

/** Where the work of a run is written: in the source of its playbook, which the agent is given. */
export function writeWork(plan: RunPlan): string {
  return JSON.stringify({ steps: plan.steps, ending: plan.ending });
}

/** Starts the inner half of a sandbox: it does its work by saying so, without a browser. */
export function startAgent(stage: Stage, settings: SandboxSettings): SimulatedProcess {
  const { world, network } = stage;
  return world.spawn(`agent ${settings.id}`, (self) => {
    const outbox = openOutbox({ file: placesOf(settings.workFolder).agentOutbox });
    const presence = watchPresence({ graceMs, onAbsent: () => stage.kill(self) });
    const stopping = new AbortController();
    let work: Promise<void> | undefined;
    network.listen(`unix:/agent.${settings.id}`, [
      implement(SandboxEventServiceService, noteAcknowledged(createEventService(outbox, presence), stage, settings, 1)),
      implement(SandboxAgentServiceService, {
        async startWork({ playbookSource }) {
          presence.note();
          work ??= new Work(
            stage,
            settings,
            (draft) => outbox.append(draft),
            (sequence) => outbox.waitAcknowledged(sequence),
          )
            .do(workOf(playbookSource), stopping.signal, () => stage.kill(self))
            .catch(() => {})
            // As the real agent does: what finds no room cannot be said.
            .then(() => outbox.finish())
            .catch(() => {});
          return {};
        },
        async stopWork({ graceMs: ms }) {
          presence.note();
          stopping.abort();
          await Promise.race([work, world.sleep(ms)]);
          return { partialOutcome: Outcome.fromPartial({ summary: "stopped" }) };
        },
        deliverInput: async () => ({}),
        takeBrowserState: async () => ({ loggedOut: false }),
        keepBrowser: async () => ({ kept: false }),
        beginStay: async () => ({}),
      }),
    ]);
  });
}

type Script = Pick<RunPlan, "steps" | "ending">;

function workOf(source: string): Script {
  const line = source.split("\n").find((each) => each.startsWith("# "));
  return JSON.parse((line ?? "").slice(2)) as Script;
}

/** The work of one run in one sandbox. */
class Work {
  readonly #stage: Stage;
  readonly #settings: SandboxSettings;
  readonly #say: (draft: EventDraft) => Promise<number>;
  readonly #confirmed: (sequence: number) => Promise<void>;
  #actions = 0;

  constructor(
    stage: Stage,
    settings: SandboxSettings,
    say: (draft: EventDraft) => Promise<number>,
    confirmed: (sequence: number) => Promise<void>,
  ) {
    this.#stage = stage;
    this.#settings = settings;
    this.#say = say;
    this.#confirmed = confirmed;
  }

  async do({ steps, ending }: Script, stopping: AbortSignal, exit: () => void): Promise<void> {
    const die = () => {
      exit();
      return new Promise<never>(() => {});
    };
    if (ending === "dies before it starts") return await die();
    await this.#say({ summary: "Started", payload: { $case: "runStarted", value: RunStarted.fromPartial({ stepCount: steps.length }) } });
    for (const [index, step] of steps.entries()) {
      if (stopping.aborted) return;
      await this.#step(step, index);
    }
    if (stopping.aborted) return;
    if (ending === "dies") return await die();
    if (ending === "hangs") return await new Promise(() => {});
    const state = ending === "failed" ? Run_State.FAILED : Run_State.COMPLETED;
    const value = OutcomePublished.fromPartial({ state, outcome: { summary: "said by the agent" } });
    await this.#say({ summary: "Done", payload: { $case: "outcomePublished", value } });
  }

  async #step(step: WorkStep, stepIndex: number): Promise<void> {
    switch (step.kind) {
      case "write":
      case "read":
        return this.#act(step, stepIndex);
      case "burst":
        for (let count = 0; count < step.events; count++) {
          const value = StepCompleted.fromPartial({ stepIndex, stepId: `${stepIndex}`, success: true, durationMs: count });
          await this.#say({ summary: `Step ${stepIndex}`, payload: { $case: "stepCompleted", value } });
        }
        return;
      case "artifact":
        return this.#leave(step.bytes, stepIndex);
    }
  }

  async #act({ kind, ms }: { readonly kind: "write" | "read"; readonly ms: number }, stepIndex: number): Promise<void> {
    const { runId, attempt } = this.#settings;
    const { world } = this.#stage;
    const actionId = `a${++this.#actions}`;
    const effect = kind === "write" ? Effect.WRITE : Effect.READ;
    const value = ActionStarted.fromPartial({ stepIndex, actionId, action: "click", effect });
    const sequence = await this.#say({ summary: "Click", payload: { $case: "actionStarted", value } });
    if (kind === "write") {
      await this.#confirmed(sequence);
      this.#stage.note({ kind: "effect", runId, attempt, actionId });
    }
    await world.sleep(ms);
    const done = ActionCompleted.fromPartial({ stepIndex, actionId, action: "click", effect, success: true, durationMs: ms });
    await this.#say({ summary: "Clicked", payload: { $case: "actionCompleted", value: done } });
  }

  async #leave(bytes: number, stepIndex: number): Promise<void> {
    const { workFolder } = this.#settings;
    const { disk } = this.#stage;
    const name = `file-${stepIndex}.txt`;
    const content = Buffer.alloc(bytes, `${stepIndex}`);
    await onDisk(0.1, () => {
      const inode = disk.open(`${placesOf(workFolder).files}/${name}`, { create: true, exclusive: false, truncate: true });
      if ("bytes" in inode) disk.write(inode, content, 0);
    });
    const sha256 = createHash("sha256").update(content).digest("hex");
    const value = ArtifactReady.fromPartial({ name, kind: Artifact_Kind.DATA, contentType: "text/plain", sizeBytes: bytes, sha256 });
    await this.#say({ summary: `Left ${name}`, payload: { $case: "artifactReady", value } });
  }
}
