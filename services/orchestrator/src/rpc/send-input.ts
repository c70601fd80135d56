import { invalidRequest, type Violation } from "@clew/fault/fault";
import type { SendInputRequest, SendInputResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import type { GivenAnswer } from "../runs/answer.ts";
import { isBrowserState } from "../runs/browser-state.ts";
import { canonicalJson } from "../runs/canonical-json.ts";
import { limits } from "../runs/limits.ts";
import type { Runs } from "../supervisor/runs.ts";

/** Takes what a person answers to what a run asked. */
export async function sendInput({ runId, inputId, input }: SendInputRequest, caller: Caller, runs: Runs): Promise<SendInputResponse> {
  if (input === undefined)
    throw invalidRequest([{ field: "decision", rule: "required", message: "is required: give decision, answer, secret or browserState" }]);
  const given = toAnswer(input);
  const violations = [...(inputId === "" ? [{ field: "inputId", rule: "required", message: "is required" }] : []), ...wrongWith(given)];
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  return { run: await runs.answer(runId, caller, inputId, given) };
}

function toAnswer(input: NonNullable<SendInputRequest["input"]>): GivenAnswer {
  if (input.$case === "browserState") return { form: "browserState", text: canonicalJson(input.value) };
  return { form: input.$case, text: input.value };
}

function wrongWith({ form, text }: GivenAnswer): Violation[] {
  switch (form) {
    case "decision":
      return text === "approve" || text === "deny" ? [] : [{ field: form, rule: "enum", message: "must be approve or deny" }];
    case "browserState":
      if (Buffer.byteLength(text) > limits.browserStateBytes)
        return [{ field: form, rule: "max_bytes", message: `must have at most ${limits.browserStateBytes} bytes as JSON` }];
      return isBrowserState(text)
        ? []
        : [{ field: form, rule: "browser_state", message: "must be Playwright's storageState: cookies and origins" }];
    default:
      if (text === "") return [{ field: form, rule: "required", message: "must not be empty" }];
      return text.length > limits.answerChars
        ? [{ field: form, rule: "max_length", message: `must have at most ${limits.answerChars} characters` }]
        : [];
  }
}
