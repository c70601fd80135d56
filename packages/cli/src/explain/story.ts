import type { Artifact, RunEvent } from "@clew/client";

/** One thing the run did: a step of its playbook, or an action of its own. */
export interface Deed {
  readonly attempt: number;
  /** The step's number, from 1; undefined for an action that belongs to none. */
  readonly step: number | undefined;
  /** The way to it in the playbook, such as `step-3.then-1`; empty for an action that belongs to no step. */
  readonly stepId: string;
  /** What it is, in words. */
  readonly what: string;
  readonly beganAt: string;
  /** The sequence it began with. */
  readonly sequence: number;
  /** `open`: there is no end of it in the record. */
  readonly end: "done" | "skipped" | "failed" | "stopped" | "blocked" | "open";
  readonly durationMs: number | undefined;
  /** Why it failed or was blocked; of an open one, what it was about to do last. */
  readonly message: string | undefined;
  /** The artifact with a picture of the page, where it failed. */
  readonly screenshot: string | undefined;
}

/** One try of the run in one sandbox. */
export interface Attempt {
  readonly number: number;
  readonly beganAt: string;
  /** Why it ended and another followed, as a sentence; undefined for the last. */
  readonly failure: string | undefined;
}

/** What a run's events tell, folded one by one. */
export class Story {
  readonly #deeds: Deed[] = [];
  readonly #attempts: Attempt[] = [];
  readonly #warnings: string[] = [];
  readonly #artifacts = new Map<string, Artifact>();
  #createdBy = "";
  #stop: { readonly by: string; readonly reason: string } | undefined;
  #stepCount = 0;
  #queuePosition: number | undefined;

  /** In the order they began. */
  get deeds(): readonly Deed[] {
    return this.#deeds;
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  /** What was worth knowing and did not end the run, as sentences. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  get artifacts(): readonly Artifact[] {
    return [...this.#artifacts.values()];
  }

  /** Who created the run; empty where keys have no names. */
  get createdBy(): string {
    return this.#createdBy;
  }

  /** Who asked the run to stop first, and why; undefined where nobody did. */
  get stop(): { readonly by: string; readonly reason: string } | undefined {
    return this.#stop;
  }

  /** How many steps the playbook has; 0 while that is not known. */
  get stepCount(): number {
    return this.#stepCount;
  }

  /** How many runs were ahead of it when it was queued. */
  get queuePosition(): number | undefined {
    return this.#queuePosition;
  }

  /** Takes the next event. */
  take(event: RunEvent): void {
    switch (event.type) {
      case "runCreated":
        this.#createdBy = nameOf(event.runCreated.by);
        break;
      case "runQueued":
        this.#queuePosition = event.runQueued.position;
        break;
      case "attemptStarted":
        this.#failLast(event.attemptStarted.cause);
        this.#attempts.push({ number: event.attempt, beganAt: event.time, failure: undefined });
        break;
      case "attemptFailed":
        this.#failLast(event.attemptFailed.error?.message ?? event.summary);
        break;
      case "runStarted":
        this.#stepCount = event.runStarted.stepCount;
        break;
      case "stepStarted":
        this.#begin(event, event.stepStarted, event.stepStarted.description || event.stepStarted.action);
        break;
      case "stepCompleted": {
        const { stepId, success, skipped, durationMs, error, screenshot } = event.stepCompleted;
        const wasStopped = error?.reason === "TERMINATED";
        const end = skipped ? "skipped" : success ? "done" : wasStopped ? "stopped" : "failed";
        this.#end(event.attempt, { end, durationMs, message: error?.message, screenshot }, stepId);
        break;
      }
      case "actionStarted":
        if (this.#openStep(event.attempt) === undefined) this.#begin(event, undefined, event.actionStarted.inputSummary);
        else this.#note(event.attempt, event.actionStarted.inputSummary);
        break;
      case "actionCompleted": {
        if (this.#openStep(event.attempt) !== undefined) break;
        const { success, durationMs, error, screenshot } = event.actionCompleted;
        this.#end(event.attempt, { end: success ? "done" : "failed", durationMs, message: error?.message, screenshot });
        break;
      }
      case "actionBlocked":
        if (this.#openStep(event.attempt) === undefined) this.#begin(event, undefined, event.actionBlocked.inputSummary);
        else break;
        this.#end(event.attempt, { end: "blocked", message: event.actionBlocked.message });
        break;
      case "artifactStored":
        if (event.artifactStored.artifact !== undefined)
          this.#artifacts.set(event.artifactStored.artifact.name, event.artifactStored.artifact);
        break;
      case "warningRaised":
        this.#warnings.push(event.warningRaised.message || event.summary);
        break;
      case "stopRequested":
        this.#stop ??= { by: nameOf(event.stopRequested.by), reason: event.stopRequested.reason };
        break;
      default:
    }
  }

  /** What is said first of an attempt's end is the most that is known. */
  #failLast(failure: string): void {
    const last = this.#attempts.at(-1);
    if (last !== undefined && last.failure === undefined) this.#attempts[this.#attempts.length - 1] = { ...last, failure };
  }

  #begin({ attempt, time, sequence }: RunEvent, step: { stepIndex: number; stepId: string } | undefined, what: string): void {
    const none = { durationMs: undefined, message: undefined, screenshot: undefined };
    const place = { step: step === undefined ? undefined : step.stepIndex + 1, stepId: step?.stepId ?? "" };
    this.#deeds.push({ attempt, ...place, what, beganAt: time, sequence, end: "open", ...none });
  }

  /** A step that holds others ends after them. */
  #end(attempt: number, part: Partial<Deed> & Pick<Deed, "end">, stepId = ""): void {
    this.#change(attempt, { message: undefined, ...part }, stepId);
  }

  /** What an open step is about to do; a step without a description of its own says that already. */
  #note(attempt: number, doing: string): void {
    if (this.#openStep(attempt)?.what !== doing) this.#change(attempt, { message: `about to ${doing}` });
  }

  /** Changes what is open: the step of that id, otherwise what began last. */
  #change(attempt: number, part: Partial<Deed>, stepId = ""): void {
    const isMeant = (deed: Deed) => deed.attempt === attempt && (stepId === "" || deed.stepId === stepId);
    const at = stepId === "" ? this.#deeds.length - 1 : this.#deeds.findLastIndex(isMeant);
    const deed = this.#deeds[at];
    if (deed?.end === "open" && isMeant(deed)) this.#deeds[at] = { ...deed, ...part };
  }

  #openStep(attempt: number): Deed | undefined {
    const last = this.#deeds.at(-1);
    return last?.end === "open" && last.attempt === attempt && last.step !== undefined ? last : undefined;
  }
}

function nameOf(by: { readonly key: string; readonly actor: string } | undefined): string {
  return by?.actor || by?.key || "";
}
