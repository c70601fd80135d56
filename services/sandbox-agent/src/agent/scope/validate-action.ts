import { z } from "zod";
import type { AskModel } from "../ask-model.ts";
import { validatorPrompt } from "../prompts/validator-prompt.ts";
import { markUntrusted } from "./filter-observation.ts";

/** An action that the rules leave open. */
export interface OpenAction {
  readonly directive: string;
  /** What would be done, in words of ours. */
  readonly action: string;
  /** What stands on the element, filtered: a page's words. */
  readonly labels: string;
  /** The page's address, without its query. */
  readonly url: string;
}

/** Judges actions that the rules leave open: whether one is part of the work. A model that cannot be asked, or answers anything but a plain yes, says no. */
export interface Validator {
  isPartOfWork(action: OpenAction, signal: AbortSignal): Promise<boolean>;
}

const verdictSchema = z.strictObject({ safe: z.boolean(), reason: z.string().max(2_000).optional() });

const answerSchema = {
  type: "object",
  properties: { safe: { type: "boolean" }, reason: { type: "string" } },
  required: ["safe", "reason"],
  additionalProperties: false,
} as const;

/** What a verdict takes; models that think need more than the verdict itself. */
const verdictTokens = 1_000;

/** Makes a validator of a model. @param newNonce 64 random bits at least, in hexadecimal digits. */
export function createValidator(askModel: AskModel, newNonce: () => string): Validator {
  return {
    async isPartOfWork({ directive, action, labels, url }, signal) {
      const page = markUntrusted(`${url}\n${labels}`, newNonce());
      const { content } = await askModel(
        {
          purpose: "validate",
          role: "utility",
          prompt: [
            { role: "system", content: validatorPrompt },
            {
              role: "user",
              content: [{ type: "text", text: `Task: ${directive}\n\nAction: ${action}, on this page and element:\n${page}` }],
            },
          ],
          responseFormat: { type: "json", schema: answerSchema, name: "verdict" },
          maxOutputTokens: verdictTokens,
        },
        signal,
      );
      return readVerdict(content.map((part) => (part.type === "text" ? part.text : "")).join(""));
    },
  };
}

/** Reads a verdict; whatever is not exactly one is no. */
export function readVerdict(text: string): boolean {
  try {
    return verdictSchema.parse(JSON.parse(text)).safe;
  } catch {
    return false;
  }
}
