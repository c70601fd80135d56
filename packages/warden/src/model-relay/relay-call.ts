import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "@clew/fault/fault";
import type { Turns } from "@clew/streams/turns";
import { capOutput } from "./cap-output.ts";
import type { CassettePlayer } from "./cassette-player.ts";
import type { CassetteRecorder } from "./cassette-recorder.ts";
import type { JsonObject } from "./json-object.ts";
import { judgeBody } from "./judge-body.ts";
import type { ModelAccess } from "./model-access.ts";
import { BrokenAnswer, type ModelAnswer, readAnswer } from "./model-answer.ts";
import { type ModelUsage, streamedUsage, usageOf } from "./model-usage.ts";
import { estimateTokens, normalizeRequest } from "./normalize-request.ts";
import { callProvider, errorMessage } from "./provider-call.ts";
import type { ModelRoute } from "./route-call.ts";
import type { Spending } from "./spending.ts";

/** What a run may do with models, and what it did. */
export interface GrantedRun {
  readonly access: ModelAccess;
  readonly spending: Spending;
  readonly turns: Turns;
  readonly player: CassettePlayer | undefined;
  readonly recorder: CassetteRecorder | undefined;
}

/** A call as it came from the sandbox. */
export interface RelayedCall {
  readonly route: ModelRoute;
  readonly body: JsonObject;
  readonly purpose: string;
  readonly headers: IncomingHttpHeaders;
}

/** Where an answer goes: whole, or part by part where it is streamed. */
export interface AnswerReader {
  whole(answer: ModelAnswer, costUsd: number): void;
  begin(contentType: string): void;
  pass(chunk: Uint8Array): Promise<void>;
  end(): void;
}

/** What is said of a call once it is over. */
export interface CallNote extends ModelUsage {
  readonly costUsd: number;
  readonly isUnpriced: boolean;
  readonly fault: Fault | undefined;
  /** Whether it could not be written to the cassette any more. */
  readonly isUnrecorded: boolean;
}

/** What came of a call: an answer, if only one that says it failed; what it took; and why it failed. */
interface CallEnd {
  readonly answer: ModelAnswer | undefined;
  readonly usage: ModelUsage;
  readonly fault: Fault | undefined;
}

const nothing: ModelUsage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };

/**
 * Passes one call of a model on and its answer back, within what the run may call and spend. Says what it took before its answer ends; what is not
 * known of a call that broke off is estimated, so that breaking calls off is not for free.
 *
 * @throws Fault MODEL_CALL_REFUSED, BUDGET_EXCEEDED, CASSETTE_MISMATCH, MODEL_FAILED; where `begin` was called before, the answer just breaks off.
 */
export async function relayCall(
  run: GrantedRun,
  call: RelayedCall,
  reader: AnswerReader,
  note: (said: CallNote) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { route, body } = call;
  const price = run.access.models[route.model];
  if (price === undefined) throw refused(`${route.model} is not one of the run's models.`);
  const unfit = judgeBody(route.api, body);
  if (unfit !== undefined) throw refused(`A call of a model holds ${unfit}.`);
  const request = normalizeRequest(body);
  const estimate = { ...nothing, inputTokens: estimateTokens(request) };
  // Only once a call is over is it known what is left for the next.
  using _turn = run.spending.isBounded ? await run.turns.take(signal) : undefined;
  const mostOutputTokens = run.spending.begin(estimate.inputTokens, price);
  if (typeof mostOutputTokens === "string") throw new Fault("BUDGET_EXCEEDED", { message: mostOutputTokens });
  const fitted = capOutput(route, body, mostOutputTokens);
  if (fitted === undefined)
    throw new Fault("BUDGET_EXCEEDED", { message: `The run may receive ${mostOutputTokens} more tokens, too few for an answer.` });
  const keep = run.recorder?.begin();
  let isBegun = false;
  const { answer, usage, fault } = await (run.player === undefined ? askProvider(fitted) : play(run.player)).then(answered, brokenOff);
  const costUsd = run.spending.settle(usage, price);
  const isKept = await keep?.(answer && { model: route.model, purpose: call.purpose, path: route.path, request, response: kept(answer) });
  await note({ ...usage, costUsd, isUnpriced: price === null, fault, isUnrecorded: isKept === false });
  if (answer === undefined || (fault !== undefined && isBegun)) throw fault ?? new Fault("MODEL_FAILED");
  if (isBegun) reader.end();
  else reader.whole(answer, costUsd);

  async function play(player: CassettePlayer): Promise<ModelAnswer> {
    return { ...player.answer(route.path, request), retryAfter: undefined };
  }

  function answered(whole: ModelAnswer): CallEnd {
    if (whole.status < 300) return { answer: whole, usage: usageIn(whole.body), fault: undefined };
    return { answer: whole, usage: nothing, fault: new Fault("MODEL_FAILED", { message: `${route.model} answered ${whole.status}.` }) };
  }

  /** Of what was sent, and not answered to its end, nobody says what it took. */
  function brokenOff(error: unknown): CallEnd {
    if (error instanceof Fault && !signal.aborted) return { answer: undefined, usage: nothing, fault: error };
    const isLate = signal.reason instanceof Fault;
    const what =
      error instanceof BrokenAnswer && !signal.aborted
        ? "its answer broke off"
        : signal.aborted
          ? "it took too long"
          : "it cannot be reached";
    const broken = new Fault("MODEL_FAILED", { message: `${route.model} did not answer: ${what}.`, cause: error });
    return {
      // Whoever let go of it himself does so again.
      answer: signal.aborted && !isLate ? undefined : failedAnswer(broken),
      usage: error instanceof BrokenAnswer ? usageIn(error.body) : signal.aborted ? estimate : nothing,
      fault: broken,
    };
  }

  async function askProvider(fit: JsonObject): Promise<ModelAnswer> {
    const provider = run.access.providers[route.provider];
    if (provider === undefined) throw refused(`Nobody set up the provider of ${route.model}.`);
    const response = await callProvider(route, provider, fit, call.headers, signal);
    if (response.ok && route.isStreamed) {
      isBegun = true;
      reader.begin(response.headers.get("content-type") ?? "text/event-stream");
      return await readAnswer(response, (chunk) => reader.pass(chunk));
    }
    const answer = await readAnswer(response);
    if (response.ok) return answer;
    const message = errorMessage(answer.status, answer.body, provider.key);
    // A redirection is for nobody in a sandbox to follow.
    const status = answer.status < 400 ? 502 : answer.status;
    return { ...answer, status, contentType: "application/json", body: JSON.stringify({ error: { message } }) };
  }

  function usageIn(text: string): ModelUsage {
    const outputTokens = Math.ceil(text.length / 4);
    if (route.isStreamed) {
      const streamed = streamedUsage(route.provider, text);
      if (streamed?.isWhole) return streamed.usage;
      return { ...(streamed?.usage ?? estimate), outputTokens };
    }
    return usageOf(route.provider, parsed(text)) ?? { ...estimate, outputTokens };
  }
}

/** A cassette makes nobody wait. */
function kept({ status, contentType, body }: ModelAnswer) {
  return { status, contentType, body };
}

/** What a cassette holds of a call that was not answered: it is not answered in the replay either, but at once. */
function failedAnswer(fault: Fault): ModelAnswer {
  return {
    status: 502,
    contentType: "application/json",
    retryAfter: undefined,
    body: JSON.stringify({ error: { message: fault.message } }),
  };
}

function refused(message: string): Fault {
  return new Fault("MODEL_CALL_REFUSED", { message });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
