import { z } from "zod";
import { playbookLimits as limits } from "../limits.ts";
import { patternProblem } from "../pattern.ts";
import { name, sentence, text } from "./texts.ts";

/** One value a playbook takes. Without a default it must be given. */
export const parameterSchema = z
  .strictObject({
    name,
    type: z.enum(["string", "int", "number", "boolean", "list", "selector_text"]).default("string"),
    description: sentence.default(""),
    default: z.union([text, z.number(), z.boolean(), z.array(text).max(200)]).optional(),
    /** The only values allowed. */
    options: z.array(text).min(1).max(100).optional(),
    pattern: z
      .string()
      .max(limits.patternChars)
      .superRefine((pattern, context) => {
        const message = patternProblem(pattern);
        if (message !== undefined) context.addIssue({ code: "custom", message });
      })
      .optional(),
    /** Whether it is a secret: then it is given among the run's credentials, under its own name. */
    secret: z.boolean().default(false),
    /** Where the value is put besides its placeholders, such as `steps.2.params.text`. */
    inject_into: z.string().max(limits.sentenceChars).optional(),
  })
  .refine((given) => !given.secret || given.default === undefined, "must not have a default where it is a secret")
  .refine((given) => !given.secret || given.type === "string", "must be of type string where it is a secret");

export type PlaybookParameter = z.infer<typeof parameterSchema>;
