import { Fault } from "@clew/fault/fault";
import { WarningRaised } from "@clew/proto/grpc/clew/run/v1/run_event";
import { abortable } from "@clew/streams/abortable";
import type { BrowserContext } from "playwright";
import type { WorkPlan } from "../playbook/plan-work.ts";
import type { Report } from "../report.ts";
import type { RunFiles } from "./run-files.ts";
import { startTrace, type Trace } from "./trace.ts";

/** Milliseconds a trace may take to be written. */
const storeMs = 30_000;

/** What is recorded of a run, kept on every ending. What cannot be kept is a warning. */
export class Recordings {
  readonly files: RunFiles;
  readonly #report: Report;
  #trace: Trace | undefined;

  constructor(files: RunFiles, report: Report) {
    this.files = files;
    this.#report = report;
  }

  /** Starts the trace, where one is wanted. Where credentials are typed there is none: a trace would hold them. */
  async begin(context: BrowserContext, { spec, playbook }: Pick<WorkPlan, "spec" | "playbook">): Promise<Trace | undefined> {
    if (spec.recording?.trace === false) return undefined;
    if (playbook.steps.some((step) => step.action === "key_press" && step.params.credential_ref !== undefined)) {
      await this.#warn("TRACE_OMITTED", "No trace is kept: it would hold the credentials that are typed.");
      return undefined;
    }
    this.#trace = await startTrace(context);
    return this.#trace;
  }

  /** Ends what is recorded and stores it. Never rejects for a recording that is lost. */
  async store(): Promise<void> {
    const trace = this.#trace;
    this.#trace = undefined;
    if (trace === undefined) return;
    try {
      await abortable(trace.store(this.files), AbortSignal.timeout(storeMs));
    } catch (thrown) {
      await this.#warn("TRACE_LOST", "The trace could not be stored.", Fault.from(thrown).reason);
    }
  }

  /** Announces every file the run left behind; for one that cannot be read there is a warning, and the others follow. */
  async announce(): Promise<void> {
    for (const file of this.files.all) {
      const ready = await this.files.describe(file).catch(Fault.from);
      if (ready instanceof Fault) await this.#warn("ARTIFACT_LOST", `${file.name} could not be read.`, ready.reason);
      else await this.#report.say({ summary: `Kept ${ready.name}.`, payload: { $case: "artifactReady", value: ready } });
    }
  }

  async #warn(reason: string, message: string, cause?: string): Promise<void> {
    const value = WarningRaised.fromPartial({ reason, message, ...(cause && { details: { cause } }) });
    await this.#report.say({ summary: message, payload: { $case: "warningRaised", value } });
  }
}
