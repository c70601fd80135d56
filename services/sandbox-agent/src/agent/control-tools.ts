import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { z } from "zod";

const sentence = z.string().min(1).max(2_000);

/** What a model says to end the work, or to ask a person. */
export const controlSchemas = {
  done: z.object({ summary: sentence, data: z.record(z.string(), z.json()).optional() }),
  fail: z.object({ reason: sentence }),
  ask_person: z
    .object({
      kind: z.enum(["answer", "secret", "approve", "take_over"]),
      prompt: sentence,
      choices: z.array(z.string().min(1).max(200)).max(20).optional(),
      name: z
        .string()
        .regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,63}$/)
        .optional(),
    })
    .refine(({ kind, name }) => kind !== "secret" || name !== undefined, { path: ["name"], message: "is required for a secret" }),
} as const;

/** A tool that does not act on the page. */
export type ControlTool = keyof typeof controlSchemas;

const purposes: Readonly<Record<ControlTool, string>> = {
  done: "End the work: it is done, and the page shows so. Checks of the page and of `data` decide whether that is so.",
  fail: "End the work: it cannot be done. Say why.",
  ask_person:
    "Ask a person what only a person can know or decide: an answer, an approval, a secret, or to take over the browser for a moment. You never see a secret: it is kept under `name`, for `credential_ref`.",
};

/** Whether a tool's name is that of one that does not act on the page. */
export function isControl(name: string): name is ControlTool {
  return Object.hasOwn(controlSchemas, name);
}

/** Makes the tools that do not act on the page; `data` of `done` as its schema wants it. */
export function controlTools({ dataSchema, asksPerson }: { readonly dataSchema: unknown; readonly asksPerson: boolean }) {
  const names: readonly ControlTool[] = asksPerson ? ["done", "fail", "ask_person"] : ["done", "fail"];
  return names.map((name): LanguageModelV4FunctionTool => {
    const inputSchema = z.toJSONSchema(controlSchemas[name], { io: "input" });
    const wanted = dataSchema !== undefined && name === "done";
    const properties = wanted ? { ...inputSchema.properties, data: dataSchema } : inputSchema.properties;
    const required = wanted ? ["summary", "data"] : inputSchema.required;
    return {
      type: "function",
      name,
      description: purposes[name],
      inputSchema: { type: "object", properties, required } as LanguageModelV4FunctionTool["inputSchema"],
    };
  });
}
