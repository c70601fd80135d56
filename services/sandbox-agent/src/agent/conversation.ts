import type { LanguageModelV4Content, LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { cutMarked } from "./scope/cut-marked.ts";

/** What came of a tool call, as the model is told. */
export interface ToolOutcome {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly isError: boolean;
}

/** One answer of the model, and what came of it. */
interface Turn {
  readonly said: readonly LanguageModelV4Content[];
  readonly outcomes: readonly ToolOutcome[];
  /** What the model is told besides: that it must use a tool, that it goes in circles. */
  readonly note: string;
}

/** What bounds a conversation, in turns and characters. */
export const conversationLimits = {
  /** Turns that are told as they were. */
  turns: 12,
  /** Of a turn's result once there is a later one. */
  oldResultChars: 800,
  oldExtractChars: 1_500,
  /** Of a result that is new. */
  newResultChars: 8_000,
  /** Of what the model itself said in a turn that is not the last. */
  oldSaidChars: 1_000,
  /** Of each text in what it asked for then, and of lists and mappings in it. */
  oldInputChars: 300,
  oldInputEntries: 20,
} as const;

type ToolCallPart = Extract<LanguageModelV4Message, { role: "assistant" }>["content"][number];

/**
 * What a model is told of the work so far. Only the last look at the page stands in it, only the last turns as they were, and old results cut: so it has a
 * bound, however long the work goes on.
 */
export class Conversation {
  readonly #system: string;
  readonly #task: string;
  readonly #progress: () => string;
  readonly #turns: Turn[] = [];
  #dropped = 0;

  /** @param progress what was done so far, in few words, marked as far as it holds a page's. */
  constructor({ system, task, progress }: { readonly system: string; readonly task: string; readonly progress: () => string }) {
    this.#system = system;
    this.#task = task;
    this.#progress = progress;
  }

  /** Takes in a turn whose answer is cut. Every tool call of it must have an outcome. */
  add(said: readonly LanguageModelV4Content[], outcomes: readonly ToolOutcome[], note = ""): void {
    this.#turns.push({ said, outcomes, note });
    if (this.#turns.length <= conversationLimits.turns) return;
    this.#turns.shift();
    this.#dropped++;
  }

  /** Writes it all for the next call, with the page as it is now. */
  write(view: string): LanguageModelV4Prompt {
    const progress = this.#dropped === 0 ? "" : `\n\nWhat was done before:\n${this.#progress()}`;
    const last = this.#turns.length - 1;
    const opening = `${this.#task}${progress}${last < 0 ? `\n\n${view}` : ""}`;
    return [
      { role: "system", content: this.#system },
      { role: "user", content: [{ type: "text", text: opening }] },
      ...this.#turns.flatMap((turn, at) => writeTurn(turn, at === last ? view : undefined)),
    ];
  }
}

/** @param view the page as it is now, after the last turn. */
function writeTurn({ said, outcomes, note }: Turn, view: string | undefined): LanguageModelV4Message[] {
  const isLast = view !== undefined;
  const content = said.flatMap((part) => keepSaid(part, isLast));
  const after = [note, view ?? ""].filter((text) => text !== "").join("\n\n");
  const told = outcomes.map((outcome, at) => {
    const text = cutResult(outcome, isLast);
    const whole = at === outcomes.length - 1 && after !== "" ? `${text}\n\n${after}` : text;
    return { id: outcome.id, name: outcome.name, type: outcome.isError ? ("error-text" as const) : ("text" as const), value: whole };
  });
  const assistant: LanguageModelV4Message[] = content.length === 0 ? [] : [{ role: "assistant", content }];
  if (told.length === 0) return [...assistant, { role: "user", content: [{ type: "text", text: after || "Go on." }] }];
  return [
    ...assistant,
    {
      role: "tool",
      content: told.map(({ id, name, type, value }) => ({
        type: "tool-result",
        toolCallId: id,
        toolName: name,
        output: { type, value },
      })),
    },
  ];
}

const oldLook = "[What the page was like then is left out.]";

/** What of an answer is told to the model again: what it thought only where it goes on from there. */
function keepSaid(part: LanguageModelV4Content, isLast: boolean): ToolCallPart[] {
  switch (part.type) {
    case "text": {
      const text = isLast ? part.text : part.text.slice(0, conversationLimits.oldSaidChars);
      return text === "" ? [] : [{ type: "text", text }];
    }
    case "reasoning":
      if (!isLast) return [];
      return [{ type: "reasoning", text: part.text, ...(part.providerMetadata && { providerOptions: part.providerMetadata }) }];
    case "tool-call":
      return [
        {
          type: "tool-call",
          toolCallId: part.toolCallId,
          toolName: part.toolName,
          input: isLast ? parseInput(part.input) : shorten(parseInput(part.input)),
          ...(part.providerMetadata && { providerOptions: part.providerMetadata }),
        },
      ];
    default:
      return [];
  }
}

/** Long texts of an input of before, cut. */
function shorten(input: unknown): unknown {
  if (typeof input === "string") return input.slice(0, conversationLimits.oldInputChars);
  if (Array.isArray(input)) return input.slice(0, conversationLimits.oldInputEntries).map(shorten);
  if (typeof input !== "object" || input === null) return input;
  const entries = Object.entries(input).slice(0, conversationLimits.oldInputEntries);
  return Object.fromEntries(entries.map(([name, value]) => [name, shorten(value)]));
}

/** What a model wrote that is no JSON object is not sent back: providers refuse it. */
function parseInput(input: string): unknown {
  try {
    const value: unknown = JSON.parse(input);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

function cutResult({ name, text, isError }: ToolOutcome, isLast: boolean): string {
  if (!isLast && name === "get_dom" && !isError) return oldLook;
  const { newResultChars, oldExtractChars, oldResultChars } = conversationLimits;
  const most = isLast ? newResultChars : name === "extract" ? oldExtractChars : oldResultChars;
  return text.length <= most ? text : cutMarked(text, most, `… [${text.length - most} or more characters left out]`);
}
