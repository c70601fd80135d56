import type { Violation } from "@clew/fault/fault";
import { type InputRequested, InputRequested_Kind as Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { ReceivedInput } from "./run.ts";

/** The forms an answer can have, named as SendInput's fields are. */
export type AnswerForm = "decision" | "answer" | "secret" | "browserState";

/** What a person answered: a browser state is Playwright's storageState in JSON. */
export interface GivenAnswer {
  readonly form: AnswerForm;
  readonly text: string;
}

/** Which forms answer which kind of question. */
const forms: Readonly<Record<Kind, readonly AnswerForm[]>> = {
  [Kind.KIND_UNSPECIFIED]: [],
  [Kind.APPROVE]: ["decision"],
  [Kind.ANSWER]: ["answer"],
  [Kind.SECRET]: ["secret"],
  [Kind.TAKE_OVER]: ["decision", "browserState"],
  [Kind.BROWSER_STATE]: ["browserState"],
};

/** What is wrong with an answer to a question; undefined where it fits. */
export function unfitAnswer({ kind, choices }: InputRequested, { form, text }: GivenAnswer): Violation | undefined {
  if (!forms[kind].includes(form)) return { field: form, rule: "kind", message: `does not answer this; send ${forms[kind].join(" or ")}` };
  if (form === "answer" && choices.length > 0 && !choices.includes(text))
    return { field: form, rule: "choice", message: "must be one of the choices of the question" };
  return undefined;
}

/** What an answer comes to, as `inputReceived` says it. */
export function decisionOf({ form, text }: GivenAnswer): "approved" | "denied" | "answered" {
  if (form !== "decision") return "answered";
  return text === "approve" ? "approved" : "denied";
}

/** Whether what was answered is in memory only, or nowhere. */
export function isSecretAnswer({ kind, decision }: Pick<ReceivedInput, "kind" | "decision">): boolean {
  return decision === "answered" && kind !== Kind.ANSWER;
}
