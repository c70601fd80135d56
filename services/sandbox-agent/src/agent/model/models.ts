import type { LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { Fault } from "@clew/fault/fault";
import type { RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { AskModel, ModelAnswer, ModelCall } from "../ask-model.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { effortOf, fitCall } from "./fit-call.ts";
import { languageModel, type RunModel } from "./language-model.ts";
import { type ModelFailure, modelFailure } from "./model-failure.ts";
import { openRelayFetch } from "./relay-fetch.ts";

/** Which models a run may call, and how. */
export interface ModelsOptions {
  /** The Unix socket of the relay outside, which adds the keys, counts, and keeps the budget. */
  readonly socketPath: string;
  /** The run's model, as `provider:name`. */
  readonly model: string;
  /** The one that is called where the run's does not answer; none unless given. */
  readonly fallback?: string | undefined;
  /** The smaller one for judging and extracting; the run's own unless given. */
  readonly utility?: string | undefined;
  readonly thinking: RunSpec_Thinking;
  /** Tries of one call at one model; 3 unless given. */
  readonly tries?: number;
  /** The most milliseconds of one try; 180,000 unless given. */
  readonly tryMs?: number;
  /** The longest first and the longest wait between tries, in milliseconds; 1,000 and 20,000 unless given. */
  readonly waits?: { readonly initialMs: number; readonly maxMs: number };
  /** The longest wait that a provider may ask for; a model that wants more is not called again. 60,000 ms unless given. */
  readonly maxRetryAfterMs?: number;
}

/** A run's models. Dispose them to close the connections. */
export interface Models extends AsyncDisposable {
  readonly ask: AskModel;
}

interface Callable extends RunModel {
  readonly breaker: CircuitBreaker;
}

/**
 * Opens a run's models.
 *
 * @throws Fault MODEL_UNAVAILABLE when one of the names is none.
 */
export function openModels(options: ModelsOptions): Models {
  const { model, fallback, utility = model, thinking, tries = 3, tryMs = 180_000, maxRetryAfterMs = 60_000 } = options;
  const { waits = { initialMs: 1_000, maxMs: 20_000 } } = options;
  const relay = openRelayFetch(options.socketPath);
  const known = new Map<string, Callable>();
  const find = (name: string): Callable => {
    const found = known.get(name) ?? { ...languageModel(name, relay.fetch), breaker: new CircuitBreaker() };
    known.set(name, found);
    return found;
  };
  const orders = { main: inOrder(model), utility: inOrder(utility, model) };

  function inOrder(...names: readonly string[]): readonly Callable[] {
    return [...new Set(fallback === undefined ? names.slice(0, 1) : [...names, fallback])].map(find);
  }

  return {
    async ask(call, signal) {
      let last: Fault | undefined;
      for (const each of orders[call.role ?? "main"]) {
        const answer = await askOne(each, call, signal);
        if (!(answer instanceof Fault)) return answer;
        last = answer;
      }
      throw last ?? new Fault("MODEL_FAILED");
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };

  /** Answers the fault where another model may be asked instead; throws it where none may. */
  async function askOne(called: Callable, call: ModelCall, signal: AbortSignal): Promise<ModelAnswer | Fault> {
    const backoff = createBackoff(waits);
    let fault: Fault | undefined;
    for (let tried = 1; tried <= tries; tried += 1) {
      if (!called.breaker.tryNow(performance.now())) return fault ?? resting(called);
      const answer = await tryOnce(called, call, signal);
      if (!("kind" in answer)) return answer;
      if (answer.kind === "final") throw answer.fault;
      fault = answer.fault;
      const { retryAfterMs = 0 } = answer;
      if (answer.kind === "refused" || retryAfterMs > maxRetryAfterMs) return fault;
      if (tried < tries) await delay(Math.max(retryAfterMs, backoff.next()), { signal });
    }
    return fault ?? resting(called);
  }

  async function tryOnce(
    { name, provider, model, breaker }: Callable,
    call: ModelCall,
    signal: AbortSignal,
  ): Promise<ModelAnswer | ModelFailure> {
    signal.throwIfAborted();
    using link = linkSignals(signal);
    const timer = setTimeout(() => link.abort(new Fault("DEADLINE_EXCEEDED")), tryMs);
    try {
      const effort = call.role === "utility" ? "low" : effortOf(thinking);
      const result = await model.doGenerate({ ...fitCall(call, provider, effort), abortSignal: link.signal });
      breaker.succeed();
      return toAnswer(name, result);
    } catch (error) {
      signal.throwIfAborted();
      const failure = modelFailure(link.signal.aborted ? link.signal.reason : error, name, Date.now());
      // A model that refuses what it is asked is there: only silence and trouble of its own count against it.
      if (failure.kind === "passing") breaker.fail(performance.now());
      else breaker.succeed();
      return failure;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The breaker is open: what it was opened for is long said. */
function resting({ name, breaker }: Callable): Fault {
  return new Fault("MODEL_FAILED", {
    message: `${name} failed several times in a row and is left alone for a while.`,
    details: { model: name },
    retryAfterMs: breaker.waitMs(performance.now()),
  });
}

function toAnswer(model: string, { content, finishReason, usage, response }: LanguageModelV4GenerateResult): ModelAnswer {
  return {
    model,
    content,
    finish: finishReason.unified,
    usage: {
      inputTokens: usage.inputTokens.total ?? 0,
      cachedInputTokens: usage.inputTokens.cacheRead ?? 0,
      outputTokens: usage.outputTokens.total ?? 0,
      costUsd: Number(response?.headers?.["x-clew-cost-usd"] ?? 0) || 0,
    },
  };
}
