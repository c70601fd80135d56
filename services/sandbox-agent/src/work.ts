import { Fault } from "@clew/fault/fault";
import { isDiskTrouble, volumeFault } from "@clew/fault/volume-fault";
import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { secretsOf } from "@clew/playbook/secrets-of";
import { Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { OutcomePublished } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { DeliverInputRequest, TakeBrowserStateResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { linkSignals } from "@clew/streams/linked-signal";
import { LeftSession } from "./authentication/left-session.ts";
import { SavedLogin } from "./authentication/saved-login.ts";
import { RemotePerson } from "./person/ask-person.ts";
import { runErrorOf } from "./playbook/run-error.ts";
import { runWork } from "./playbook/run-work.ts";
import { summarize } from "./playbook/shorten.ts";
import type { EventDraft, Report } from "./report.ts";
import type { WorkOptions } from "./work-options.ts";

/** A run's work in this sandbox. */
export interface Work {
  /** Resolves when all is said and cleaned up; never rejects. */
  readonly done: Promise<void>;
  /**
   * Ends the work: a running action has `graceMs` milliseconds, none begins, and no outcome is published. A later stop may shorten the grace. Steps that it
   * cuts short say `why`: that the run was stopped, unless given. Answers what there was of the outcome.
   */
  stop(graceMs: number, why?: Fault): Promise<Outcome>;
  /** The login the work ended with, and what it leaves for forks; known once its outcome is published. */
  readonly login: TakeBrowserStateResponse;
  /** Takes what a person answered. Repeatable. */
  deliver(input: DeliverInputRequest): void;
}

/** Starts a run's work: `runStarted`, its steps, and one `outcomePublished` unless it is stopped; then recordings are stored and the browser is closed. */
export function startWork(options: WorkOptions): Work {
  const { browser, log } = options;
  const { spec, credentials, attempt, session } = options.request;
  const browserState = session?.browserState ?? options.request.browserState ?? "";
  const { secrets = new KnownSecrets([]) } = options;
  secrets.add([...secretsOf({ ...spec, credentials }), ...browserStateSecrets(browserState)]);
  const isThere = spec?.continueFrom !== undefined;
  const login = new SavedLogin({ text: browserState, isKept: (spec?.browserState ?? "") !== "", isThere, secrets });
  const leftSession = new LeftSession({ isWanted: spec?.keepAliveSeconds !== undefined, secrets });
  const mask = secrets.redact;
  // Masked before it is cut: the first half of a secret is no longer found.
  const shown = (event: EventDraft): EventDraft => ({ summary: summarize(mask(event.summary)), payload: mask(event.payload) });
  const report: Report = {
    say: (event) => options.report.say(shown(event)),
    confirm: (event) => options.report.confirm(shown(event)),
  };
  const stopping = new AbortController();
  const waitSeconds = spec?.waitForPersonSeconds ?? 0;
  const person = new RemotePerson({ attempt, waitSeconds, report, secrets, stopping: stopping.signal });
  const cut = linkSignals(browser.crashed);
  const ended = Promise.withResolvers<Outcome>();
  let cutTimer: NodeJS.Timeout | undefined;
  let cutAt = Number.POSITIVE_INFINITY;
  let isOutcomeSaid = false;
  let isDone = false;

  const onEnd = (outcome: Outcome) => {
    isOutcomeSaid = true;
    ended.resolve(mask(outcome));
  };

  const done = runWork(
    { ...options, report },
    { secrets, login, leftSession, person, stopping: stopping.signal, signal: cut.signal, onEnd },
  )
    .catch(async (error: unknown) => {
      log.error({ err: error }, "work failed unexpectedly");
      const fault = isDiskTrouble(error) ? volumeFault(error) : Fault.from(error);
      const outcome = Outcome.fromPartial({ summary: "The work failed inside.", error: runErrorOf(fault, mask) });
      ended.resolve(outcome);
      if (isOutcomeSaid || stopping.signal.aborted) return;
      const value = OutcomePublished.fromPartial({ state: Run_State.FAILED, outcome });
      await report.say({ summary: outcome.summary, payload: { $case: "outcomePublished", value } });
    })
    .catch((error: unknown) => log.error({ err: error }, "the outcome could not be said"))
    .finally(() => {
      isDone = true;
      clearTimeout(cutTimer);
      cut[Symbol.dispose]();
    });

  return {
    done,
    get login() {
      return { ...login.told, session: leftSession.session };
    },
    deliver: (input) => person.deliver(input),
    stop(graceMs, reason = new Fault("TERMINATED", { message: "The run was stopped before this was done." })) {
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
