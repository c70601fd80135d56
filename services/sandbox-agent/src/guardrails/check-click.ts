import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";
import type { Locator } from "playwright";
import { within } from "../actions/within.ts";
import { judgeClick } from "./destructive-click.ts";
import { blockedFault } from "./guardrail-block.ts";

const readMs = 5_000;

/**
 * Refuses a click that would do what cannot be taken back and that its step does not ask for: see `judgeClick`. Touches nothing.
 *
 * @throws Fault GUARDRAIL_BLOCKED; the signal's reason.
 */
export async function checkClick(locator: Locator, step: ActingStep, effect: StepEffect, signal: AbortSignal): Promise<void> {
  const labels = await within(locator.evaluateAll(readLabels), readMs, signal);
  const authorWords = [step.description, JSON.stringify(["selector" in step && step.selector, "steps" in step && step.steps])];
  const block = judgeClick(labels, effect === "commit", authorWords);
  if (block !== undefined) throw blockedFault(block);
}

/** Runs in the page: what a person would read on what is clicked, or on the button or link it is in. Long texts are no labels. */
function readLabels(elements: (HTMLElement | SVGElement)[]): string[] {
  return elements.slice(0, 5).flatMap((element) => {
    const target = element.closest("button, a, input, summary, label, [role]") ?? element;
    const isButton = target.matches("input[type=submit], input[type=button], input[type=image]");
    const named = ["aria-label", "title", "alt", ...(isButton ? ["value"] : [])].map((name) => target.getAttribute(name) ?? "");
    return [...named, target.textContent ?? ""].map((text) => text.trim()).filter((text) => text !== "" && text.length <= 200);
  });
}
