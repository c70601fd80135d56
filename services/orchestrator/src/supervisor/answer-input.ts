import { Fault, invalidRequest } from "@clew/fault/fault";
import type { Actor } from "@clew/proto/grpc/clew/run/v1/run";
import { decisionOf, type GivenAnswer, unfitAnswer } from "../runs/answer.ts";
import type { RunFold } from "../runs/run.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunDraft } from "./run-log.ts";

export type { GivenAnswer } from "../runs/answer.ts";

/** HMAC of the parts of an answer, under a key of the volume, for one run. */
export type SignAnswer = (...parts: readonly string[]) => string;

/** Names an answer so that the same one can be told from another without keeping it. */
export function hmacOf(sign: SignAnswer, inputId: string, { form, text }: GivenAnswer): string {
  return sign(inputId, form, text);
}

/**
 * Writes what a person answered. The first answer that is durable wins, and the same again changes nothing. A secret is kept in memory only: the
 * journal has its HMAC.
 *
 * @throws Fault INVALID_REQUEST where it does not answer the question, INPUT_NOT_AWAITED where it is late, another was first, or nobody asked.
 */
export async function answerInput(
  { log, secrets, signAnswer }: Pick<LiveRun, "log" | "secrets"> & { readonly signAnswer: SignAnswer },
  inputId: string,
  given: GivenAnswer,
  by: Actor,
): Promise<void> {
  const answerHmac = hmacOf(signAnswer, inputId, given);
  await log.decide((fold) => {
    const received = fold.inputs.find((input) => input.inputId === inputId);
    if (received?.answerHmac === answerHmac) return [];
    const asked = openQuestion(fold, inputId);
    if (asked === undefined) throw new Fault("INPUT_NOT_AWAITED", { message: whyNotAwaited(received?.decision) });
    const violation = unfitAnswer(asked, given);
    if (violation !== undefined) throw invalidRequest([violation]);
    secrets.keepAnswer(inputId, given.text);
    if (given.form === "secret" || given.form === "browserState") secrets.add(given.form, given.text);
    const answer = given.form === "answer" ? secrets.known.redact(given.text) : "";
    const value = { inputId, by, decision: decisionOf(given), answer, answerHmac };
    return [{ attempt: fold.run.attempt, summary: summaries[value.decision], payload: { $case: "inputReceived", value } }];
  });
}

/** Says that nobody answered in time, unless somebody did. */
export function inputExpired(fold: RunFold, inputId: string): readonly RunDraft[] {
  if (fold.run.awaits?.inputId !== inputId) return [];
  const value = { inputId, by: undefined, decision: "expired", answer: "", answerHmac: "" };
  return [{ attempt: fold.run.attempt, summary: "Nobody answered in time", payload: { $case: "inputReceived", value } }];
}

/** The question that waits under this name, unless its time is over. */
function openQuestion({ run: { awaits } }: RunFold, inputId: string): RunFold["run"]["awaits"] {
  return awaits?.inputId === inputId && Date.now() < (awaits.expireTime?.getTime() ?? 0) ? awaits : undefined;
}

function whyNotAwaited(decision: string | undefined): string {
  if (decision === undefined) return "The run does not wait for this input, or its time is over.";
  return decision === "expired" ? "Nobody answered in time." : "Another answer was first.";
}

const summaries = {
  approved: "A person approved",
  denied: "A person denied",
  answered: "A person answered",
} as const satisfies Record<ReturnType<typeof decisionOf>, string>;
