import type { ProviderWords, StreamedEvent, WholeAnswer } from "./model-server-turn.ts";

/** OpenAI's Responses API. */
export const responsesWords: ProviderWords = {
  answer: response,
  events(answer) {
    const whole = response(answer);
    const begun = { ...whole, status: "in_progress", output: [], usage: null };
    const end = answer.finish === "length" ? "response.incomplete" : "response.completed";
    return [typed("response.created", { response: begun }), ...whole.output.flatMap(streamedItem), typed(end, { response: whole })].map(
      ({ event, data }, sequence_number) => ({ ...(event !== undefined && { event }), data: { ...Object(data), sequence_number } }),
    );
  },
  error: openaiError,
};

/** OpenAI's Chat Completions API, and what is compatible with it. */
export const chatWords: ProviderWords = {
  answer: (answer) => ({
    ...completion(answer, "chat.completion"),
    choices: [{ index: 0, message: message(answer), finish_reason: finishReasons[answer.finish] }],
    usage: chatUsage(answer),
  }),
  events(answer) {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      data: { ...completion(answer, "chat.completion.chunk"), choices: [{ index: 0, delta, finish_reason }] },
    });
    const calls = answer.toolCalls.map(({ id, name, input }, index) =>
      chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: JSON.stringify(input) } }] }),
    );
    return [
      chunk({ role: "assistant", content: "" }),
      ...(answer.text === "" ? [] : [chunk({ content: answer.text })]),
      ...calls,
      chunk({}, finishReasons[answer.finish]),
      { data: { ...completion(answer, "chat.completion.chunk"), choices: [], usage: chatUsage(answer) } },
      { data: "[DONE]" },
    ];
  },
  error: openaiError,
};

const finishReasons = { stop: "stop", tools: "tool_calls", length: "length", refusal: "content_filter" } as const;

function openaiError(status: number, text: string) {
  return { error: { message: text, type: status === 429 ? "rate_limit_error" : "api_error", param: null, code: null } };
}

function completion({ model, index }: WholeAnswer, object: string) {
  return { id: `chatcmpl-${index}`, object, created: 1_750_000_000, model };
}

function message({ text, toolCalls }: WholeAnswer) {
  return {
    role: "assistant",
    content: text === "" ? null : text,
    ...(toolCalls.length > 0 && {
      tool_calls: toolCalls.map(({ id, name, input }) => ({ id, type: "function", function: { name, arguments: JSON.stringify(input) } })),
    }),
  };
}

function chatUsage({ inputTokens, outputTokens, cachedTokens }: WholeAnswer) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

type Item =
  | { readonly type: "reasoning"; readonly id: string; readonly summary: readonly object[]; readonly encrypted_content: string }
  | {
      readonly type: "message";
      readonly id: string;
      readonly role: "assistant";
      readonly status: "completed";
      readonly content: readonly { readonly type: "output_text"; readonly text: string }[];
    }
  | { readonly type: "function_call"; readonly id: string; readonly call_id: string; readonly name: string; readonly arguments: string };

function items({ index, text, thinking, toolCalls }: WholeAnswer): Item[] {
  const content = { type: "output_text" as const, text, annotations: [] };
  return [
    ...(thinking === ""
      ? []
      : [
          {
            type: "reasoning" as const,
            id: `rs_${index}`,
            summary: [{ type: "summary_text", text: thinking }],
            encrypted_content: "c2VhbGVk",
          },
        ]),
    ...(text === ""
      ? []
      : [{ type: "message" as const, id: `msg_${index}`, role: "assistant" as const, status: "completed" as const, content: [content] }]),
    ...toolCalls.map(({ id, name, input }) => ({
      type: "function_call" as const,
      id: `fc_${id}`,
      call_id: id,
      name,
      arguments: JSON.stringify(input),
      status: "completed",
    })),
  ];
}

function response(answer: WholeAnswer) {
  const { model, index, finish, inputTokens, outputTokens, cachedTokens } = answer;
  return {
    id: `resp_${index}`,
    object: "response",
    created_at: 1_750_000_000,
    status: finish === "length" ? "incomplete" : "completed",
    incomplete_details: finish === "length" ? { reason: "max_output_tokens" } : null,
    error: null,
    model,
    output: items(answer),
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: cachedTokens },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
  };
}

function streamedItem(item: Item, output_index: number): StreamedEvent[] {
  const place = { item_id: item.id, output_index };
  const added = (value: object) => typed("response.output_item.added", { output_index, item: value });
  const done = typed("response.output_item.done", { output_index, item });
  if (item.type === "reasoning") return [added({ ...item, summary: [] }), done];
  if (item.type === "message") {
    const delta = item.content.map(({ text }, content_index) =>
      typed("response.output_text.delta", { ...place, content_index, delta: text }),
    );
    return [added({ ...item, content: [] }), ...delta, done];
  }
  return [
    added({ ...item, arguments: "" }),
    typed("response.function_call_arguments.delta", { ...place, delta: item.arguments }),
    typed("response.function_call_arguments.done", { ...place, arguments: item.arguments }),
    done,
  ];
}

function typed(event: string, data: object): StreamedEvent {
  return { event, data: { type: event, ...data } };
}
