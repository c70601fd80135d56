/** What a scripted model answers. What is not given is an empty answer that took 100 tokens in and 20 out. */
export interface ModelAnswerTurn {
  readonly text?: string;
  readonly thinking?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[];
  /** Why it ends: its tool calls, or its end, unless given. */
  readonly finish?: "length" | "refusal";
  /** `inputTokens` are all that were sent, the cached ones included. */
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number; readonly cachedTokens?: number };
}

/** How a scripted model misbehaves. */
export type ModelTroubleTurn =
  /** An error, as the provider words it. */
  | { readonly status: number; readonly message?: string; readonly retryAfter?: string }
  /** Bytes of any kind, which may be no answer at all. */
  | { readonly body: string; readonly status?: number; readonly contentType?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Never answers; `headers` sends these first. */
  | { readonly hang: "silent" | "headers" }
  /** Closes the connection: before an answer, or in the middle of one. */
  | { readonly cut: "before" | "within"; readonly answer?: ModelAnswerTurn };

/** One turn of a scripted model. */
export type ModelTurn = ModelAnswerTurn | ModelTroubleTurn;

/** An answer with nothing left open. */
export interface WholeAnswer {
  readonly model: string;
  /** Which answer of the server it is, for ids that differ. */
  readonly index: number;
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown; readonly id: string }[];
  readonly finish: "stop" | "tools" | "length" | "refusal";
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

/** How one provider words things. */
export interface ProviderWords {
  readonly answer: (answer: WholeAnswer) => object;
  /** The same as server-sent events, in their order, without the framing. */
  readonly events: (answer: WholeAnswer) => readonly StreamedEvent[];
  readonly error: (status: number, message: string) => object;
}

/** One server-sent event. */
export interface StreamedEvent {
  readonly event?: string;
  readonly data: object | string;
}

/** Fills in what a turn leaves open. */
export function wholeAnswer(turn: ModelAnswerTurn, model: string, index: number): WholeAnswer {
  const { text = "", thinking = "", toolCalls = [], usage = {} } = turn;
  return {
    model,
    index,
    text,
    thinking,
    toolCalls: toolCalls.map((call, place) => ({ id: `call_${index}_${place}`, ...call })),
    finish: turn.finish ?? (toolCalls.length > 0 ? "tools" : "stop"),
    inputTokens: usage.inputTokens ?? 100,
    outputTokens: usage.outputTokens ?? 20,
    cachedTokens: usage.cachedTokens ?? 0,
  };
}
