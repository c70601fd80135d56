import { modelSocketBeside } from "@clew/outbox/work-folder";
import { RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";
import type { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { AskModel } from "../ask-model.ts";
import type { Models, ModelsOptions } from "./models.ts";

/** Opens the models that work may call, through the relay beside the agent's socket; undefined where it may call none. */
export function modelsOf({ models, spec }: Pick<StartWorkRequest, "models" | "spec">, agentSocket: string): Models | undefined {
  if (models === undefined) return undefined;
  const { model, fallback, utility } = models;
  return openLater({
    socketPath: modelSocketBeside(agentSocket),
    model,
    ...(fallback !== "" && { fallback }),
    ...(utility !== "" && { utility }),
    thinking: spec?.thinking ?? RunSpec_Thinking.HIGH,
  });
}

/** When the first call comes: work that makes none loads nothing of the providers' SDKs. */
function openLater(options: ModelsOptions): Models {
  let opened: Promise<Models> | undefined;
  const ask: AskModel = async (call, signal) => {
    opened ??= import("./models.ts").then(({ openModels }) => openModels(options));
    return await (await opened).ask(call, signal);
  };
  return {
    ask,
    async [Symbol.asyncDispose]() {
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}
