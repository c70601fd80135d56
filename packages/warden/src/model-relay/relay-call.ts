import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "@clew/fault/fault";
import type { Turns } from "@clew/streams/turns";
import { answeredEnd, brokenEnd } from "./call-end.ts";
import { capOutput } from "./cap-output.ts";
import type { CassettePlayer } from "./cassette-player.ts";
import type { CassetteRecorder } from "./cassette-recorder.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { JsonObject } from "./json-object.ts";
import { judgeBody } from "./judge-body.ts";
import type { ModelAccess } from "./model-access.ts";
import { type ModelAnswer, readAnswer } from "./model-answer.ts";
import type { ModelUsage } from "./model-usage.ts";
import { normalizeRequest } from "./normalize-request.ts";
import { withoutPictures } from "./pictures.ts";
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
  /** Whether parts of an answer have gone there. */
  readonly isBegun: boolean;
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

/**
 * Passes one call of a model on and its answer back, within what the run may call and spend. What it took is noted before its answer ends.
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
  const plain = withoutPictures(body);
  const request = normalizeRequest(plain.body);
  const inputTokens = estimateTokens(plain);
  // Only once a call is over is it known what is left for the next.
  using _turn = run.spending.isBounded ? await run.turns.take(signal) : undefined;
  const left = run.spending.begin(inputTokens, price);
  if (typeof left === "string") throw new Fault("BUDGET_EXCEEDED", { message: left });
  const capped = capOutput(route, body, left);
  if (capped === undefined)
    throw new Fault("BUDGET_EXCEEDED", { message: `The run may receive ${left} more tokens, too few for an answer.` });
  const expected = { inputTokens, mostOutputTokens: capped.mostTokens };
  const keep = run.recorder?.begin();
  const asked =
    run.player === undefined ? askProvider(run, { ...call, body: capped.body }, reader, signal) : play(run.player, route, request);
  const { answer, usage, fault } = await asked.then(
    (whole) => answeredEnd(route, whole, expected),
    (error: unknown) => brokenEnd(route, error, expected, signal),
  );
  const costUsd = run.spending.settle(usage, price);
  const isKept = await keep?.(answer && { model: route.model, purpose: call.purpose, path: route.path, request, response: kept(answer) });
  await note({ ...usage, costUsd, isUnpriced: price === null, fault, isUnrecorded: isKept === false });
  if (answer === undefined || (fault !== undefined && reader.isBegun)) throw fault ?? new Fault("MODEL_FAILED");
  if (reader.isBegun) reader.end();
  else reader.whole(answer, costUsd);
}

async function play(player: CassettePlayer, { path }: ModelRoute, request: unknown): Promise<ModelAnswer> {
  return { ...player.answer(path, request), retryAfter: undefined };
}

async function askProvider(
  run: GrantedRun,
  { route, body, headers }: RelayedCall,
  reader: AnswerReader,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  const provider = run.access.providers[route.provider];
  if (provider === undefined) throw refused(`Nobody set up the provider of ${route.model}.`);
  const response = await callProvider(route, provider, body, headers, signal);
  if (response.ok && route.isStreamed) {
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

/** A cassette makes nobody wait. */
function kept({ status, contentType, body }: ModelAnswer) {
  return { status, contentType, body };
}

function refused(message: string): Fault {
  return new Fault("MODEL_CALL_REFUSED", { message });
}
