import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { isLate } from "../runs/deadline.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { AttemptPlan } from "./attempt.ts";
import { holdSecrets } from "./held-secrets.ts";
import { readParentSession } from "./kept-session.ts";
import { readCredentials } from "./run-credentials.ts";
import { readLogin } from "./saved-login.ts";

const callMs = 10_000;
/** What a call ends with that was lost on its way there or back. */
const unanswered: ReadonlySet<string> = new Set(["SANDBOX_UNREACHABLE", "DEADLINE_EXCEEDED"]);

/**
 * Has an attempt's work begun, unless it has been, is wanted no more or too late; an answer that is lost is asked for again, for as long as the
 * sandbox shows signs of life. Answers the saved login it was begun with now.
 *
 * @throws Fault SANDBOX_LOST where the sandbox refuses, CREDENTIALS_LOST, CREDENTIALS_UNREADABLE or PARENT_GONE; the signal's reason when that aborts.
 */
export async function startWork(
  plan: AttemptPlan,
  { agent, warden }: Pick<SandboxConnection, "agent" | "warden">,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { log, attempt, spec, playbookSource, calledPlaybooks, models, runFolder } = plan;
  // Of a sandbox that was adopted, what the login it began with holds must be known again: it is masked.
  if (log.fold.attempt.startedAtMs !== undefined) {
    await Promise.allSettled([readLogin(plan), readParentSession(plan)]);
    return undefined;
  }
  // A later attempt may begin when the run's time is over already, and a caller may have stopped it meanwhile.
  if (log.fold.stop !== undefined || isLate(log.fold, Date.now())) return undefined;
  if (hasLostSecrets(spec)) throw new Fault("CREDENTIALS_LOST");
  const [browserState, session, credentials] = await Promise.all([readLogin(plan), readParentSession(plan), readCredentials(plan)]);
  const work = {
    runId: log.run.id,
    attempt,
    // The sandbox's way out leads through it, and the sandbox need not know.
    spec: { ...spec, proxy: undefined },
    playbookSource,
    credentials: credentials.values,
    credentialOrigins: [...credentials.origins],
    calledPlaybooks,
    browserState,
    session,
    models: (await models?.ofRun(spec, runFolder, undefined))?.chosen,
  };
  const backoff = createBackoff({ initialMs: 50, maxMs: 1_000 });
  while (!log.fold.attempt.exited && log.fold.stop === undefined) {
    try {
      await holdSecrets(plan.secrets, warden, signal);
      await agent.startWork(work, { signal, timeoutMs: callMs });
      return browserState;
    } catch (cause) {
      signal.throwIfAborted();
      // A moment's cut is no death, and the same work again changes nothing.
      const isUnanswered = cause instanceof Fault && unanswered.has(cause.reason);
      // Whatever a sandbox says of itself here is its own word, not a reason of ours.
      if (!isUnanswered) throw new Fault("SANDBOX_LOST", { cause });
    }
    await delay(backoff.next(), { signal });
  }
  return undefined;
}
