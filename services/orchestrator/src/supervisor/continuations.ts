import { Fault } from "@clew/fault/fault";
import type { Run, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { continueRefusal } from "../runs/lineage.ts";
import type { RunId } from "../runs/run-id.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { KeptSandboxes } from "./kept-sandboxes.ts";
import type { LiveRun } from "./live-run.ts";

/** Which runs continue in the sandboxes that others left: one in each. */
export class Continuations {
  readonly #kept: KeptSandboxes;
  readonly #live: ReadonlyMap<RunId, LiveRun>;

  constructor(kept: KeptSandboxes, live: ReadonlyMap<RunId, LiveRun>) {
    this.#kept = kept;
    this.#live = live;
  }

  /** @throws Fault PARENT_GONE where no run can continue in what this one left, PARENT_BUSY where none can yet. */
  demand(parent: Run): void {
    const refusal = continueRefusal(parent);
    if (refusal !== undefined) throw refusal;
    for (const [id, { spec, log }] of this.#live)
      if (spec.continueFrom === parent.id && !isTerminal(log.run.state))
        throw new Fault("PARENT_BUSY", { message: `Run ${id} continues in that sandbox: wait for its end, and continue from that one.` });
    this.#kept.demand(parent.id);
  }

  /** Reserves what the run continues in while it is made; where it is not made, others may have that. @throws as `demand` does, and as `make` does. */
  async reserveFor<T>(runId: RunId, { continueFrom }: Pick<RunSpec, "continueFrom">, make: () => Promise<T>): Promise<T> {
    try {
      if (continueFrom !== undefined) this.#kept.reserve(continueFrom, runId);
      return await make();
    } catch (error) {
      this.giveBack(runId);
      throw error;
    }
  }

  /** Reserves what a run of an orchestrator before this one continues in; where that is kept no more, the run finds it gone. */
  reserveAgain(runId: RunId, { spec: { continueFrom }, log }: Pick<LiveRun, "spec" | "log">): void {
    if (continueFrom === undefined || log.run.outcome !== undefined) return;
    try {
      this.#kept.reserve(continueFrom, runId);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  /** Lets others have what was reserved for a run and was not taken by it. */
  giveBack(runId: RunId): void {
    this.#kept.giveBack(runId);
  }

  /** Ends what a run left, where it is kept. @throws Fault SANDBOX_HUNG where it may still live. */
  async end(runId: string): Promise<void> {
    await this.#kept.end(runId);
  }
}
