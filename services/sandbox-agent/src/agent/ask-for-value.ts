import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { Fault } from "@clew/fault/fault";
import { z } from "zod";
import type { ActionContext, JsonValue } from "../actions/action.ts";
import { publicAddress } from "../browser/address.ts";
import { checkOutput, readOutputSchema } from "../playbook/check-output.ts";
import type { AskModel } from "./ask-model.ts";
import { extractPrompt } from "./prompts/extract-prompt.ts";
import { newNonce } from "./scope/confine-agent.ts";
import { filterObservation } from "./scope/filter-observation.ts";
import { injectionEvent } from "./scope/injection-event.ts";

/** What a model is to read out of a text. */
export interface WantedValue {
  /** What is looked for, in words that are not a page's. */
  readonly question: string;
  /** Where it is looked for: a page's words. */
  readonly content: string;
  /** The JSON schema that the value must fit. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** How often a model may mend an answer that does not fit. */
const mostRepairs = 2;

/** What a model reads at most, in characters. */
const contentChars = 60_000;

const answerSchema = z.object({ found: z.boolean(), value: z.json().optional() });

/**
 * Has a model read a value out of a text. What the text says to the model is left out and told of, and what is answered must fit the schema.
 *
 * @throws Fault VERIFICATION_FAILED where it is not there, OUTPUT_INVALID where no answer fits, and what asking a model throws.
 */
export async function askForValue(
  { question, content, schema }: WantedValue,
  askModel: AskModel,
  { active, redact, report, signal }: Pick<ActionContext, "active" | "redact" | "report" | "signal">,
): Promise<JsonValue> {
  const whole = { type: "object", properties: { found: { type: "boolean" }, value: schema }, required: ["found"] } as const;
  const fits = readOutputSchema({ type: "object", properties: { value: schema }, required: ["value"] });
  if (fits instanceof Fault) throw fits;
  const { text: marked, found } = filterObservation(content.slice(0, contentChars), newNonce());
  for (const rule of found) await report.say(injectionEvent(rule, publicAddress(redact(active.url))));
  const prompt: LanguageModelV4Prompt = [
    { role: "system", content: extractPrompt },
    { role: "user", content: [{ type: "text", text: `What is looked for: ${question}\n\n${marked}` }] },
  ];
  for (let repairs = 0; ; repairs++) {
    const answer = await askModel(
      { purpose: "extract", role: "utility", prompt, responseFormat: { type: "json", schema: whole, name: "answer" } },
      signal,
    );
    const text = answer.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    const read = readAnswer(text);
    if (read?.found === false) throw new Fault("VERIFICATION_FAILED", { message: "The model found nothing of the kind on the page." });
    const value: JsonValue | undefined = read?.value;
    const problem = value === undefined ? noJson : checkOutput(fits, new Map([["value", value]]));
    if (problem === undefined && value !== undefined) return value;
    if (repairs >= mostRepairs) throw new Fault("OUTPUT_INVALID", { message: `What the model read does not fit: ${problem?.message}` });
    prompt.push(
      { role: "assistant", content: [{ type: "text", text: text.slice(0, contentChars) || "-" }] },
      { role: "user", content: [{ type: "text", text: `That does not fit: ${problem?.message} Answer once more.` }] },
    );
  }
}

const noJson = new Fault("OUTPUT_INVALID", { message: "The answer must be JSON with found and value." });

/** Reads an answer, also where a model puts it in a block of code. */
function readAnswer(text: string): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(/\{[\s\S]*\}/.exec(text)?.[0] ?? "")).data;
  } catch {
    return undefined;
  }
}
