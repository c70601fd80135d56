import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import type { SandboxEvent, StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { linkSignals } from "@clew/streams/linked-signal";
import type { BrowserSession } from "./browser/browser-session.ts";
import { redact } from "./guardrails/redact.ts";
import { runErrorOf } from "./playbook/run-error.ts";
import { runWork } from "./playbook/run-work.ts";

/** An event as the work says it; its sequence is the outbox's to give. */
export type EventDraft = { readonly summary: string; readonly payload: NonNullable<SandboxEvent["payload"]> };

/** Where the work says what happens. */
export interface Report {
  /** Writes an event to the outbox; waits while that is full. */
  say(event: EventDraft): Promise<void>;
  /** Writes an event, and waits until the orchestrator's journal has it: the intent barrier, for effects write and commit. */
  confirm(event: EventDraft): Promise<void>;
}

/** A run's work in this sandbox. */
export interface Work {
  /** Resolves when all is said and cleaned up; never rejects. */
  readonly done: Promise<void>;
  /** Ends the work: a running action has `graceMs` milliseconds, none begins. A later stop may shorten the grace. Answers what there was of the outcome. */
  stop(graceMs: number): Promise<Outcome>;
}

/** What a run's work needs. */
export interface WorkOptions {
  readonly request: StartWorkRequest;
  /** The browser, launched and unclaimed; the work closes it. */
  readonly browser: BrowserSession;
  readonly report: Report;
  /** The sandbox's folder; the run's files go to `files` inside. */
  readonly workFolder: string;
  readonly log: Logger;
}

/** Starts a run's work: `runStarted`, its steps, and one `outcomePublished` unless it is stopped; then recordings are stored and the browser is closed. */
export function startWork(options: WorkOptions): Work {
  const { browser, log } = options;
  const secrets = Object.values(options.request.credentials);
  const report: Report = {
    say: (event) => options.report.say(redact(event, secrets)),
    confirm: (event) => options.report.confirm(redact(event, secrets)),
  };
  const stopping = new AbortController();
  const cut = linkSignals(browser.crashed);
  const ended = Promise.withResolvers<Outcome>();
  let cutTimer: NodeJS.Timeout | undefined;
  let cutAt = Number.POSITIVE_INFINITY;
  let isDone = false;

  const done = runWork({ ...options, report }, { stopping: stopping.signal, signal: cut.signal, onEnd: ended.resolve })
    .catch((error: unknown) => {
      log.error({ err: error }, "work failed unexpectedly");
      ended.resolve(Outcome.fromPartial({ summary: "The work failed inside.", error: runErrorOf(Fault.from(error)) }));
    })
    .finally(() => {
      isDone = true;
      clearTimeout(cutTimer);
      cut[Symbol.dispose]();
    });

  return {
    done,
    stop(graceMs) {
      const reason = new Fault("TERMINATED", { message: "The run was stopped before this was done." });
      stopping.abort(reason);
      const at = performance.now() + graceMs;
      if (!isDone && at < cutAt) {
        cutAt = at;
        clearTimeout(cutTimer);
        if (graceMs <= 0) cut.abort(reason);
        else cutTimer = setTimeout(() => cut.abort(reason), graceMs);
      }
      return ended.promise;
    },
  };
}
