import type { ProviderWords, StreamedEvent, WholeAnswer } from "./model-server-turn.ts";

const stopReasons = { stop: "end_turn", tools: "tool_use", length: "max_tokens", refusal: "refusal" } as const;
const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

/** Anthropic's Messages API. */
export const anthropicWords: ProviderWords = {
  answer: (answer) => ({ ...envelope(answer), content: blocks(answer), stop_reason: stopReasons[answer.finish], usage: usage(answer) }),
  events: (answer) => [
    typed("message_start", {
      message: { ...envelope(answer), content: [], stop_reason: null, usage: { ...usage(answer), output_tokens: 1 } },
    }),
    typed("ping", {}),
    ...blocks(answer).flatMap(streamedBlock),
    typed("message_delta", {
      delta: { stop_reason: stopReasons[answer.finish], stop_sequence: null },
      usage: { output_tokens: answer.outputTokens },
    }),
    typed("message_stop", {}),
  ],
  error: (status, message) => ({ type: "error", error: { type: errorTypes[status] ?? "api_error", message } }),
};

function envelope({ model, index }: WholeAnswer) {
  return { id: `msg_${index}`, type: "message", role: "assistant", model, stop_sequence: null };
}

function usage({ inputTokens, outputTokens, cachedTokens }: WholeAnswer) {
  return {
    input_tokens: inputTokens - cachedTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation_input_tokens: 0,
    output_tokens: outputTokens,
  };
}

type Block =
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown };

function blocks({ text, thinking, toolCalls }: WholeAnswer): Block[] {
  return [
    ...(thinking === "" ? [] : [{ type: "thinking" as const, thinking, signature: "c2lnbmVk" }]),
    ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ...toolCalls.map(({ id, name, input }) => ({ type: "tool_use" as const, id, name, input })),
  ];
}

function streamedBlock(block: Block, index: number): StreamedEvent[] {
  const delta = (value: object) => typed("content_block_delta", { index, delta: value });
  const start = (value: object) => typed("content_block_start", { index, content_block: value });
  const stop = typed("content_block_stop", { index });
  if (block.type === "text") return [start({ type: "text", text: "" }), delta({ type: "text_delta", text: block.text }), stop];
  if (block.type === "thinking")
    return [
      start({ type: "thinking", thinking: "", signature: "" }),
      delta({ type: "thinking_delta", thinking: block.thinking }),
      delta({ type: "signature_delta", signature: block.signature }),
      stop,
    ];
  return [start({ ...block, input: {} }), delta({ type: "input_json_delta", partial_json: JSON.stringify(block.input) }), stop];
}

function typed(event: string, data: object): StreamedEvent {
  return { event, data: { type: event, ...data } };
}
