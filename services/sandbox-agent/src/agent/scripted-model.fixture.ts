import type { LanguageModelV4Content, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { AskModel, ModelAnswer, ModelCall } from "./ask-model.ts";

/** A tool call that a script makes. */
export type Move = readonly [tool: string, input: Readonly<Record<string, unknown>>];

/** Answers a call: with tool calls, or with words. */
export type Answer = (page: string, call: ModelCall) => readonly Move[] | string | Promise<readonly Move[] | string>;

/** A model that answers as a test says: call after call, the last answer for ever. What the rules leave open it takes for a part of the work. */
export class ScriptedModel {
  readonly calls: ModelCall[] = [];
  readonly #answers: readonly Answer[];
  #ids = 0;

  constructor(...answers: readonly Answer[]) {
    this.#answers = answers;
  }

  readonly ask: AskModel = async (call, signal) => {
    signal.throwIfAborted();
    if (call.purpose === "validate") return this.#answer(JSON.stringify({ safe: true, reason: "It is a part of it." }));
    const answer = this.#answers[Math.min(this.calls.length, this.#answers.length - 1)];
    this.calls.push(call);
    const said = (await answer?.(pageOf(call.prompt), call)) ?? "";
    return this.#answer(said);
  };

  #answer(said: readonly Move[] | string): ModelAnswer {
    const usage = { inputTokens: 100, cachedInputTokens: 0, outputTokens: 10, costUsd: 0.001 };
    return { model: "scripted:model", finish: "tool-calls", usage, content: this.#contentOf(said) };
  }

  #contentOf(said: readonly Move[] | string): LanguageModelV4Content[] {
    if (typeof said === "string") return [{ type: "text", text: said }];
    return said.map(([toolName, input]) => ({
      type: "tool-call",
      toolCallId: `call-${++this.#ids}`,
      toolName,
      input: JSON.stringify(input),
    }));
  }
}

/** All a model is told, as one text. */
export function textOf(prompt: LanguageModelV4Prompt): string {
  return prompt
    .map((message) => JSON.stringify(message.content))
    .join("\n")
    .replaceAll('\\"', '"')
    .replaceAll("\\\\", "\\");
}

/** The last message of a prompt: what came of the last turn, and the page as it is. */
export function pageOf(prompt: LanguageModelV4Prompt): string {
  return textOf(prompt.slice(-1)).replaceAll("\\n", "\n").replaceAll('\\"', '"');
}

/** The ref of the element whose line of a page holds this. */
export function refOf(page: string, words: string): string {
  const line = page.split("\n").findLast((text) => text.includes(words) && text.includes("ref="));
  const ref = /\[ref=([^\]]+)\]/.exec(line ?? "")?.[1];
  if (ref === undefined) throw new Error(`No element says ${words}:\n${page}`);
  return ref;
}
