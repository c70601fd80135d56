import { Fault } from "@clew/fault/fault";
import { isBrowserState } from "../runs/browser-state.ts";
import { limits } from "../runs/limits.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { KeptSession } from "../states/kept-sessions.ts";
import type { AttemptPlan } from "./attempt.ts";
import { warningRaised } from "./phrases.ts";

const callMs = 15_000;

type SessionPlan = Pick<AttemptPlan, "log" | "attempt" | "spec" | "sessions" | "secrets" | "parentMemory" | "logger">;

/**
 * Reads what the run left that this one goes on from: all of it for a fork, only its memory for one that continues in its browser; undefined where it begins anew. What it holds is a secret
 * from then on.
 *
 * @throws Fault PARENT_GONE, STATE_UNREADABLE.
 */
export async function readParentSession({
  log,
  spec,
  sessions,
  secrets,
  parentMemory = "",
}: SessionPlan): Promise<KeptSession | undefined> {
  if (spec.continueFrom !== undefined) return { browserState: "", address: "", memory: parentMemory };
  if (spec.forkFrom === undefined || sessions === undefined) return undefined;
  const session = await sessions.read({ id: spec.forkFrom, tenant: log.run.tenant });
  if (session === undefined) throw new Fault("PARENT_GONE");
  secrets.add("browserState", session.browserState);
  return session;
}

/** Keeps what a run leaves for those that are forked from it, once its outcome is durable. What fails is a warning. */
export async function keepSession(
  plan: SessionPlan,
  { agent }: { readonly agent: Pick<SandboxConnection["agent"], "takeBrowserState"> },
  signal: AbortSignal,
): Promise<void> {
  const { log, attempt, spec, sessions, secrets, logger } = plan;
  const { outcome } = log.run;
  if (spec.keepAliveSeconds === undefined || sessions === undefined || outcome === undefined) return;
  try {
    const { session } = await agent.takeBrowserState({}, { signal, timeoutMs: callMs });
    const isFit =
      session !== undefined && Buffer.byteLength(session.browserState) <= limits.browserStateBytes && isBrowserState(session.browserState);
    if (!isFit) throw new Error("The sandbox gave no session, or one that is too large.");
    const { browserState, address } = session;
    secrets.add("browserState", browserState);
    await sessions.save(log.run, { browserState, address: address.length > limits.urlChars ? "" : address, memory: outcome.sessionMemory });
  } catch (error) {
    signal.throwIfAborted();
    // Without a key there are no forks, and whoever asks for one is told so.
    if (error instanceof Fault && error.reason === "STATE_KEY_MISSING") return;
    logger.warn({ run: log.run.id, attempt, error }, "session of a run was not kept");
    const warning = warningRaised("SESSION_LOST", "What the run leaves for forks could not be kept; no run can be forked from it.");
    await log.decide(() => [{ ...warning, attempt }]).catch(() => {});
  }
}
