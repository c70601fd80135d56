import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";
import type { Locator } from "playwright";
import { readEach } from "../observation/reader.ts";
import { judgeClick } from "./destructive-click.ts";
import { blockedFault } from "./guardrail-block.ts";

const readMs = 5_000;

/**
 * Refuses a click that would do what cannot be taken back and that its step does not ask for: see `judgeClick`. Touches nothing.
 *
 * @throws Fault GUARDRAIL_BLOCKED; the signal's reason.
 */
export async function checkClick(locator: Locator, step: ActingStep, effect: StepEffect, signal: AbortSignal): Promise<void> {
  const labels = (await readEach(locator, "labels", { timeout: readMs, signal })).flat();
  const authorWords = [step.description, JSON.stringify(["selector" in step && step.selector, "steps" in step && step.steps])];
  const block = judgeClick(labels, effect === "commit", authorWords);
  if (block !== undefined) throw blockedFault(block);
}
