import { invalidRequest } from "@clew/fault/fault";
import { parseModelName } from "@clew/playbook/model-name";
import type { RunSpec, Usage } from "@clew/proto/grpc/clew/run/v1/run";
import type { StartWorkRequest_Models } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { isUsable, type ModelPrice, type ModelsConfig, type ProviderAccess, whyUnusable } from "./model-settings.ts";

/** The most calls of models that a run makes, whatever it asks. */
const mostCalls = 2_000;

/** What a run's models are chosen by. */
type Asked = Pick<RunSpec, "model" | "budget" | "cassette">;

/**
 * Chooses the models of a run: what it names, or the operator's; undefined where there is none, or where its name is empty, as a policy makes it that allows none. With a cassette, any may be named: none is called.
 *
 * @throws Fault INVALID_REQUEST for a model that is not set up, or a bound on dollars where nobody knows the price.
 */
export function chooseModels({ model: named, budget, cassette }: Asked, config: ModelsConfig): StartWorkRequest_Models | undefined {
  const model = named ?? config.standard;
  if (model === undefined || model === "") return undefined;
  const isPlayed = cassette !== undefined;
  if (parseModelName(model) === undefined || (!isPlayed && !isUsable(model, config)))
    throw invalidRequest([{ field: "spec.model", rule: "model", message: whyUnusable(model, config) }]);
  const { fallback = "", utility = "" } = config;
  const chosen = { model, fallback: fallback === model ? "" : fallback, utility: utility === model ? "" : utility };
  const unpriced = namesOf(chosen).find((name) => (config.prices?.get(name) ?? null) === null);
  if (budget?.maxCostUsd !== undefined && unpriced !== undefined && !isPlayed) {
    const message = `needs a price for ${unpriced}, which the operator sets in CLEW_MODELS; bound maxInputTokens and maxOutputTokens instead`;
    throw invalidRequest([{ field: "spec.budget.maxCostUsd", rule: "price", message }]);
  }
  return chosen;
}

/** What of a run's models its warden is told: how to reach and to pay them, and what the run may still spend. */
export interface GrantedModels {
  readonly models: Readonly<Record<string, ModelPrice | null>>;
  readonly providers: Readonly<Record<string, ProviderAccess>>;
  readonly budget: { readonly maxInputTokens?: number; readonly maxOutputTokens?: number; readonly maxCostUsd?: number };
  readonly mostCalls: number;
  readonly cassette?:
    | { readonly mode: "replay"; readonly path: string }
    | { readonly mode: "record"; readonly header: Readonly<Record<string, unknown>> };
}

/** Says what a run is granted that chose these models and has used so much before this attempt. */
export function grantModels(
  chosen: StartWorkRequest_Models,
  { budget, recording }: Pick<RunSpec, "budget" | "recording">,
  used: Usage | undefined,
  { prices, providers }: ModelsConfig,
  cassettePath: string | undefined,
): GrantedModels {
  const names = namesOf(chosen);
  const paid = cassettePath === undefined ? new Set(names.map((name) => parseModelName(name)?.provider)) : new Set();
  return {
    models: Object.fromEntries(names.map((name) => [name, prices?.get(name) ?? null])),
    providers: Object.fromEntries(Object.entries(providers).filter(([provider]) => paid.has(provider))),
    budget: {
      ...left("maxInputTokens", budget?.maxInputTokens, used?.inputTokens),
      ...left("maxOutputTokens", budget?.maxOutputTokens, used?.outputTokens),
      ...left("maxCostUsd", budget?.maxCostUsd, used?.costUsd),
    },
    mostCalls: Math.max(1, mostCalls - (used?.modelCalls ?? 0)),
    ...(cassettePath === undefined
      ? recording?.cassette === true && { cassette: { mode: "record", header: { models: chosen } } }
      : { cassette: { mode: "replay", path: cassettePath } }),
  };
}

function namesOf({ model, fallback, utility }: StartWorkRequest_Models): string[] {
  return [model, fallback, utility].filter((name) => name !== "");
}

function left(name: string, most: number | undefined, used = 0): Record<string, number> {
  return most === undefined ? {} : { [name]: Math.max(0, most - used) };
}
