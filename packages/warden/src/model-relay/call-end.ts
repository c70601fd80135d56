import { Fault } from "@clew/fault/fault";
import { BrokenAnswer, type ModelAnswer } from "./model-answer.ts";
import { type ModelUsage, streamedUsage, usageOf } from "./model-usage.ts";
import type { ModelRoute } from "./route-call.ts";

/** What came of a call: an answer, if only one that says it failed; what it took; and why it failed. */
export interface CallEnd {
  readonly answer: ModelAnswer | undefined;
  readonly usage: ModelUsage;
  readonly fault: Fault | undefined;
}

/** What a call takes as far as is known before it is answered. */
export interface ExpectedUsage {
  /** About how many tokens it sends. */
  readonly inputTokens: number;
  /** The most that its answer may have; infinite where nothing bounds it. */
  readonly mostOutputTokens: number;
}

/** What a call takes that nobody charges for. */
const noUsage: ModelUsage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };

/** Reads what a call came to whose answer is whole. */
export function answeredEnd(route: ModelRoute, answer: ModelAnswer, { inputTokens }: ExpectedUsage): CallEnd {
  if (answer.status < 300) return { answer, usage: usageIn(route, answer.body, inputTokens), fault: undefined };
  return { answer, usage: noUsage, fault: new Fault("MODEL_FAILED", { message: `${route.model} answered ${answer.status}.` }) };
}

/**
 * Says what a call came to that was not answered to its end. What it took nobody says: it is estimated: of one that is let go of, at the most
 * that it may have taken, since its provider may go on with it. So breaking calls off is not for free.
 *
 * @param signal the call's own: aborted with a Fault where it took too long, without one where the sandbox let go of it.
 */
export function brokenEnd(route: ModelRoute, error: unknown, expected: ExpectedUsage, signal: AbortSignal): CallEnd {
  if (error instanceof Fault && !signal.aborted) return { answer: undefined, usage: noUsage, fault: error };
  const fault = new Fault("MODEL_FAILED", { message: `${route.model} did not answer: ${whyBroken(error, signal)}.`, cause: error });
  return {
    // Whoever let go of it himself does so again.
    answer: signal.aborted && !(signal.reason instanceof Fault) ? undefined : failedAnswer(fault),
    usage: brokenUsage(route, error, expected, signal),
    fault,
  };
}

function brokenUsage(route: ModelRoute, error: unknown, expected: ExpectedUsage, { aborted }: AbortSignal): ModelUsage {
  const { inputTokens, mostOutputTokens } = expected;
  if (error instanceof BrokenAnswer) {
    const usage = usageIn(route, error.body, inputTokens);
    return aborted ? { ...usage, outputTokens: Math.max(usage.outputTokens, finite(mostOutputTokens)) } : usage;
  }
  return aborted ? { ...noUsage, inputTokens, outputTokens: finite(mostOutputTokens) } : noUsage;
}

/** Without a bound there is nothing to keep, and nothing to say. */
function finite(tokens: number): number {
  return Number.isFinite(tokens) ? tokens : 0;
}

function whyBroken(error: unknown, { aborted, reason }: AbortSignal): string {
  if (aborted) return reason instanceof Fault ? "it took too long" : "the sandbox let go of the call";
  return error instanceof BrokenAnswer ? "its answer broke off" : "it cannot be reached";
}

/** In its place, so that a cassette can say that there was none. */
function failedAnswer({ message }: Fault): ModelAnswer {
  return { status: 502, contentType: "application/json", retryAfter: undefined, body: JSON.stringify({ error: { message } }) };
}

function usageIn({ provider, isStreamed }: ModelRoute, text: string, sent: number): ModelUsage {
  const estimate = { ...noUsage, inputTokens: sent, outputTokens: Math.ceil(text.length / 4) };
  if (!isStreamed) return usageOf(provider, parsed(text)) ?? estimate;
  const said = streamedUsage(provider, text);
  if (said?.isWhole) return said.usage;
  return { ...(said?.usage ?? estimate), outputTokens: estimate.outputTokens };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
