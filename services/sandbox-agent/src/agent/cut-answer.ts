import type { LanguageModelV4Content } from "@ai-sdk/provider";

/** What bounds one answer of a model, in calls and characters: it is told to the model again, whatever it said. */
export const answerLimits = { calls: 12, nameChars: 100, inputChars: 60_000, textChars: 20_000, thoughtChars: 200_000 } as const;

/** An answer of a model, as far as it is looked at. */
export interface CutAnswer {
  readonly content: readonly LanguageModelV4Content[];
  /** What the model is told of what was left out; empty where nothing was. */
  readonly note: string;
}

/** Cuts an answer of a model: calls after the twelfth, and what is too long. A call whose input is cut is no JSON any more, and so is not done. */
export function cutAnswer(answer: readonly LanguageModelV4Content[]): CutAnswer {
  const { calls, nameChars, inputChars, textChars, thoughtChars } = answerLimits;
  const left = { calls, text: textChars, thought: thoughtChars };
  let dropped = 0;
  const content = answer.flatMap((part): LanguageModelV4Content[] => {
    switch (part.type) {
      case "text": {
        const text = part.text.slice(0, left.text);
        left.text -= text.length;
        return text === "" ? [] : [{ ...part, text }];
      }
      case "reasoning":
        if (left.thought < 0) return [];
        // A part of a thought is none: providers sign them.
        left.thought -= JSON.stringify(part).length;
        return left.thought < 0 ? [] : [part];
      case "tool-call":
        if (left.calls-- <= 0) {
          dropped++;
          return [];
        }
        return [{ ...part, toolName: part.toolName.slice(0, nameChars), input: part.input.slice(0, inputChars) }];
      default:
        return [];
    }
  });
  return { content, note: dropped === 0 ? "" : `[A turn has at most ${calls} calls; ${dropped} more were not done.]` };
}
