import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { sandboxRestMs } from "../runs/deadline.ts";
import type { ReceivedInput, RunFold } from "../runs/run.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import { hmacOf, inputExpired } from "./answer-input.ts";
import type { AttemptPlan } from "./attempt.ts";
import { holdSecrets } from "./held-secrets.ts";

const callMs = 10_000;

/** What attending needs of an attempt. */
type Attended = Pick<AttemptPlan, "log" | "attempt" | "secrets" | "signAnswer" | "logger">;

/**
 * Stays with what an attempt asks people, until the signal aborts: sees to it that a sandbox which waits is not ended meanwhile, says when nobody
 * answered in time, and passes on what they answered. All of it goes by the journal, so that it may begin anywhere.
 *
 * @throws the signal's reason.
 */
export async function attendPerson(plan: Attended, connection: SandboxConnection, signal: AbortSignal): Promise<void> {
  await Promise.all([endUnanswered(plan, signal), passOn(plan, connection, signal)]);
}

async function endUnanswered({ log }: Attended, signal: AbortSignal): Promise<never> {
  for (;;) {
    const { awaits } = (await log.until(({ run }) => run.awaits !== undefined, { signal })).run;
    if (awaits === undefined) continue;
    const isAnswered = ({ run }: RunFold) => run.awaits?.inputId !== awaits.inputId;
    await log.untilWithin(isAnswered, Math.max(0, (awaits.expireTime?.getTime() ?? 0) - Date.now()), signal);
    await log.decide((fold) => inputExpired(fold, awaits.inputId));
  }
}

async function passOn(plan: Attended, connection: SandboxConnection, signal: AbortSignal): Promise<never> {
  const { log, attempt, logger } = plan;
  const backoff = createBackoff({ initialMs: 100, maxMs: 2_000 });
  let moved: string | undefined;
  let delivered: string | undefined;
  for (;;) {
    const { fold } = log;
    const last = lastReceived(fold, attempt);
    const stand = standOf(fold, attempt);
    try {
      if (moved !== stand) {
        await connection.warden.setDeadline({ remainingMs: sandboxRestMs(fold, Date.now()) }, { signal, timeoutMs: callMs });
        moved = stand;
      }
      // Also what one before us passed on perhaps: the agent takes each answer once.
      if (last !== undefined && last.inputId !== delivered) {
        await holdSecrets(plan.secrets, connection.warden, signal);
        await connection.agent.deliverInput(toDelivery(plan, last), { signal, timeoutMs: callMs });
        delivered = last.inputId;
      }
      backoff.reset();
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ attempt, error }, "what concerns a person could not be passed on yet");
      await delay(backoff.next(), { signal });
      continue;
    }
    await log.until((now) => standOf(now, attempt) !== stand, { signal });
  }
}

/** What an answer is to the sandbox. One that a restart lost, or that is not whole in the journal, is said to be lost: who waits for it asks again. */
function toDelivery({ secrets, signAnswer }: Attended, { inputId, decision, answer, answerHmac }: ReceivedInput) {
  const delivery = { inputId, answer: "", expired: decision === "expired", lost: false };
  if (decision === "expired") return delivery;
  if (decision !== "answered") return { ...delivery, answer: decision === "approved" ? "approve" : "deny" };
  const kept = secrets.answerTo(inputId);
  if (kept !== undefined) return { ...delivery, answer: kept };
  const isWhole = hmacOf(signAnswer, inputId, { form: "answer", text: answer }) === answerHmac;
  return isWhole ? { ...delivery, answer } : { ...delivery, lost: true };
}

/** Changes whenever the attempt asks something or is answered; undefined while it never asked. */
function standOf(fold: RunFold, attempt: number): string | undefined {
  const last = lastReceived(fold, attempt);
  return fold.run.awaits?.inputId ?? (last && `${last.inputId} received`);
}

function lastReceived({ inputs }: RunFold, attempt: number): ReceivedInput | undefined {
  const last = inputs.at(-1);
  return last?.attempt === attempt ? last : undefined;
}
