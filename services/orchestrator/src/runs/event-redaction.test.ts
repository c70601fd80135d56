import { createRedact } from "@clew/playbook/redact";
import { Artifact, Effect, InputRequested, Outcome, Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import {
  ActionCompleted,
  InputReceived,
  ModelCalled,
  RunCreated,
  SandboxExited,
  SandboxKept,
  StepCompleted,
  StopRequested,
} from "@clew/proto/grpc/clew/run/v1/run_event";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeBody, encodeBody, type Payload } from "./event.ts";

/** Every kind of payload with `text` wherever text is free. */
const kinds = (text: string): { readonly [Kind in Payload["$case"]]: Extract<Payload, { $case: Kind }>["value"] } => {
  const error = { code: "INTERNAL", reason: "SANDBOX_LOST", message: text, retryable: false, details: { reason: text } };
  const data = { name: text, list: [text, { type: text }], count: 3 };
  const outcome = Outcome.fromPartial({ summary: text, data, extractedTexts: [text], sessionMemory: text, error });
  const run = Run.fromPartial({ id: "run-1", outcome, unconfirmedActions: [{ action: "click", inputSummary: text }] });
  const where = { stepIndex: 1, stepId: "s", actionId: "a", tool: "playbook", action: "click", inputSummary: text };
  return {
    runCreated: RunCreated.fromPartial({ run }),
    runQueued: { position: 1 },
    attemptStarted: { cause: "SANDBOX_LOST", isolation: "process" },
    attemptFailed: { error, retryTime: new Date(7) },
    sandboxReady: { isolation: "process", browser: text, durationMs: 1, warm: true, continued: false },
    runStarted: { browser: text, stepCount: 1 },
    stepStarted: { stepIndex: 1, stepId: "s", action: "click", description: text },
    stepCompleted: StepCompleted.fromPartial({ ...where, description: text, resultText: text, url: text, error }),
    actionStarted: { ...where, effect: Effect.WRITE },
    actionCompleted: ActionCompleted.fromPartial({ ...where, resultText: text, url: text, error }),
    actionBlocked: { ...where, rule: "domains", message: text },
    pageChanged: { url: text, title: text, status: 200 },
    guardrailTripped: { rule: "domains", message: text, url: text },
    egressDenied: { host: text, port: 443, rule: "private_network", message: text },
    stuckDetected: { severity: "hint", rule: "repeat", message: text },
    captchaDetected: { kind: "x", url: text, resolved: true, waitMs: 1 },
    injectionDetected: { rule: "x", url: text },
    recoveryStarted: { stepIndex: 1, error },
    recoveryEnded: { success: true, message: text },
    modelCalled: ModelCalled.fromPartial({ model: "m", purpose: "p", error }),
    inputRequested: InputRequested.fromPartial({ inputId: "i", prompt: text, choices: [text] }),
    inputReceived: InputReceived.fromPartial({ inputId: "i", decision: "answered", answer: text }),
    artifactStored: { artifact: Artifact.fromPartial({ name: "a.txt", sha256: "00", contentType: "text/plain" }) },
    stopRequested: StopRequested.fromPartial({ reason: "asked" }),
    warningRaised: { reason: "JOURNAL_DAMAGED", message: text, details: { name: text } },
    outcomePublished: { state: Run_State.FAILED, outcome },
    runFinished: { run },
    sandboxExited: SandboxExited.fromPartial({ signal: "SIGKILL", cause: "KILLED", facts: data }),
    sandboxKept: SandboxKept.fromPartial({ expireTime: new Date(5), facts: data }),
  };
};

const place = { runId: "run-1", sequence: 1, attempt: 1, timeMs: 5, resumeToken: "" };
const words = ["step", "redacted", "$case", "[red", "name", "Started", "ted]", "aaaa", 'p@ss w/0"rd', "\u2588\u2588\u2588\u2588"];
const secrets = fc.oneof(fc.constantFrom(...words), fc.string({ minLength: 4, maxLength: 20, unit: "grapheme" }));

/** All free texts of a value, which were made to begin so. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value.startsWith("\u00b6") ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(textsOf);
}

it("keeps every kind of event readable and every secret out of its free text", () => {
  fc.assert(
    fc.property(fc.array(secrets, { minLength: 1, maxLength: 3 }), fc.string(), (hidden, around) => {
      fc.pre(hidden.every((secret) => !secret.includes("\u00b6")));
      const text = `\u00b6 ${hidden.join(around)}${hidden.join("")} ${hidden.map((secret) => Buffer.from(secret).toString("base64"))}`;
      const redact = createRedact(hidden);
      const made = kinds(text);
      for (const [name, value] of Object.entries(made)) {
        const payload = { $case: name, value } as Payload;
        const decoded = decodeBody(encodeBody(redact({ summary: "", payload })), place).payload;
        expect(decoded.$case).toBe(name);
        const texts = textsOf(decoded);
        expect(texts).toHaveLength(textsOf(payload).length);
        for (const clean of texts) for (const secret of hidden) expect(clean.includes(secret)).toBe(false);
      }
    }),
    { numRuns: 60 },
  );
});
