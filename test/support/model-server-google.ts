import type { ProviderWords, WholeAnswer } from "./model-server-turn.ts";

const finishReasons = { stop: "STOP", tools: "STOP", length: "MAX_TOKENS", refusal: "SAFETY" } as const;

/** Google's generateContent API. */
export const googleWords: ProviderWords = {
  answer: (answer) => chunk(answer, parts(answer), true),
  events(answer) {
    const all = parts(answer);
    return all.map((part, place) => ({ data: chunk(answer, [part], place === all.length - 1) }));
  },
  error: (status, message) => ({ error: { code: status, message, status: status === 429 ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE" } }),
};

function parts({ text, thinking, toolCalls }: WholeAnswer): object[] {
  const all = [
    ...(thinking === "" ? [] : [{ text: thinking, thought: true }]),
    ...(text === "" ? [] : [{ text }]),
    ...toolCalls.map(({ name, input }) => ({ functionCall: { name, args: input } })),
  ];
  return all.length > 0 ? all : [{ text: "" }];
}

function chunk(answer: WholeAnswer, content: readonly object[], isLast: boolean) {
  const { model, index, finish, inputTokens, outputTokens, cachedTokens } = answer;
  return {
    candidates: [{ index: 0, content: { role: "model", parts: content }, ...(isLast && { finishReason: finishReasons[finish] }) }],
    usageMetadata: {
      promptTokenCount: inputTokens,
      cachedContentTokenCount: cachedTokens,
      candidatesTokenCount: isLast ? outputTokens : 1,
      totalTokenCount: inputTokens + outputTokens,
    },
    modelVersion: model,
    responseId: `response-${index}`,
  };
}
