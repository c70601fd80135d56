import type { LanguageModelV4CallOptions, LanguageModelV4Prompt, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ModelProvider } from "@clew/playbook/model-name";
import { RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";
import type { ModelCall } from "../ask-model.ts";

/** Room for a little thinking, in tokens. */
const littleThought = 8_192;

type Effort = NonNullable<LanguageModelV4CallOptions["reasoning"]>;

/** How hard a model thinks, in the SDK's words, which each of its providers puts into its own. */
export function effortOf(thinking: RunSpec_Thinking): Effort {
  return efforts[thinking] ?? "high";
}

const efforts: Readonly<Partial<Record<RunSpec_Thinking, Effort>>> = {
  [RunSpec_Thinking.MINIMAL]: "minimal",
  [RunSpec_Thinking.LOW]: "low",
  [RunSpec_Thinking.MEDIUM]: "medium",
  [RunSpec_Thinking.HIGH]: "high",
  [RunSpec_Thinking.XHIGH]: "xhigh",
};

/** Puts a call as this provider takes it: with what it keeps from one call to the next, and nothing left with it that need not be. */
export function fitCall(call: ModelCall, provider: ModelProvider, effort: Effort): LanguageModelV4CallOptions {
  const { purpose, role: _, ...asked } = call;
  // A model that is told which tool to call has nothing to think about first, and this provider refuses both together.
  const reasoning = provider === "anthropic" && isForced(call.toolChoice) ? "none" : (call.reasoning ?? effort);
  return {
    ...asked,
    prompt: provider === "anthropic" ? withCacheMarks(call.prompt) : call.prompt,
    maxOutputTokens: provider === "anthropic" ? call.maxOutputTokens : withThought(call.maxOutputTokens, reasoning),
    reasoning,
    providerOptions: optionsOf[provider] ?? {},
    headers: { "x-clew-purpose": purpose },
  };
}

/** Where thinking counts as a part of the answer, what bounds the answer must leave room for it: as much as the model has, for much thinking. */
function withThought(answerTokens: number | undefined, effort: Effort): number | undefined {
  if (answerTokens === undefined || effort === "none") return answerTokens;
  return effort === "minimal" || effort === "low" ? answerTokens + littleThought : undefined;
}

const optionsOf: Readonly<Partial<Record<ModelProvider, SharedV4ProviderOptions>>> = {
  openai: { openai: { store: false, promptCacheKey: "clew" } },
};

const cacheMark = { anthropic: { cacheControl: { type: "ephemeral" } } } as const;

/** Marks the end of what stays the same, the instructions, and of what the next call begins with, all there is. */
function withCacheMarks(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt {
  const lastSystem = prompt.findLastIndex(({ role }) => role === "system");
  return prompt.map((message, index) =>
    index === lastSystem || index === prompt.length - 1
      ? { ...message, providerOptions: { ...message.providerOptions, ...cacheMark } }
      : message,
  );
}

function isForced(choice: ModelCall["toolChoice"]): boolean {
  return choice?.type === "tool" || choice?.type === "required";
}
