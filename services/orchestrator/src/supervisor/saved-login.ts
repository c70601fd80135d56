import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { isBrowserState } from "../runs/browser-state.ts";
import { limits } from "../runs/limits.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { AttemptPlan } from "./attempt.ts";
import { warningRaised } from "./phrases.ts";

const callMs = 15_000;

type LoginPlan = Pick<AttemptPlan, "log" | "attempt" | "spec" | "states" | "secrets" | "logger">;

/** Reads the login a run starts from; undefined where it names none, or none is saved yet. What it holds is a secret from then on. */
export async function readLogin({ log, spec, states, secrets }: LoginPlan): Promise<string | undefined> {
  if (spec.browserState === undefined || states === undefined) return undefined;
  const text = await states.read(log.run.tenant, spec.browserState);
  if (text !== undefined) secrets.add("browserState", text);
  return text;
}

/** Takes back the login that a run ended with, once its outcome is durable: that of a completed run is saved, one that was logged out is forgotten, where it is still what the run began with. What fails is a warning. */
export async function keepLogin(
  plan: LoginPlan,
  { agent }: Pick<SandboxConnection, "agent">,
  beganWith: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { log, attempt, spec, states, logger } = plan;
  const { tenant, outcome } = log.run;
  const name = spec.browserState;
  if (name === undefined || states === undefined || outcome === undefined) return;
  if (log.fold.finalState !== Run_State.COMPLETED && log.fold.finalState !== Run_State.FAILED) return;
  try {
    const { browserState, loggedOut } = await agent.takeBrowserState({}, { signal, timeoutMs: callMs });
    const isFit = browserState !== undefined && Buffer.byteLength(browserState) <= limits.browserStateBytes && isBrowserState(browserState);
    if (browserState !== undefined && !isFit) throw new Error("The sandbox gave no browser state, or one that is too large.");
    if (browserState !== undefined && log.fold.finalState === Run_State.COMPLETED) await states.save(tenant, name, browserState);
    else if (loggedOut && beganWith !== undefined) await states.forget(tenant, name, beganWith);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ attempt, error }, "login of a run was not kept");
    const warning = warningRaised("BROWSER_STATE_LOST", "The login that the run ended with could not be saved; the one before is kept.");
    await log.decide(() => [{ ...warning, attempt }]).catch(() => {});
  }
}
