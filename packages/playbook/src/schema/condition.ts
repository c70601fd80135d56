import { z } from "zod";
import { candidateSchema } from "./candidate.ts";
import { address, sentence, text, timeoutMs } from "./texts.ts";

/** What the page must become for a step to have worked; all that is given must hold at once. */
export const verificationSchema = z
  .strictObject({
    expect_url_contains: address.optional(),
    expect_element_visible: candidateSchema.optional(),
    expect_element_gone: candidateSchema.optional(),
    expect_text_on_page: text.min(1).optional(),
    timeout_ms: timeoutMs(60_000).default(5_000),
  })
  .refine((verify) => Object.keys(verify).some((key) => key.startsWith("expect_")), "must expect something, such as expect_text_on_page");

const conditions = {
  url_contains: address.optional(),
  element_visible: candidateSchema.optional(),
  element_gone: candidateSchema.optional(),
  text_on_page: text.min(1).optional(),
  /** A template, compared as text. */
  value: text.optional(),
  equals: text.optional(),
  not_equals: text.optional(),
  contains: text.optional(),
  timeout_ms: z.number().int().min(0).max(60_000),
};
const comparisons = ["equals", "not_equals", "contains"] as const;

/** What must hold, all of it at once, within `timeout_ms`: of the page, or of a value. Looked at once unless there is time. */
export const conditionSchema = z
  .strictObject({ ...conditions, timeout_ms: conditions.timeout_ms.default(0) })
  .superRefine((given, context) => checkCondition(given, (message) => context.addIssue({ code: "custom", message })));

/** A condition that decides, once all steps are done, whether the run succeeded. */
export const checkSchema = z
  .strictObject({ name: sentence.min(1), ...conditions, timeout_ms: conditions.timeout_ms.default(5_000) })
  .superRefine((given, context) => checkCondition(given, (message) => context.addIssue({ code: "custom", message })));

function checkCondition(given: Partial<Record<keyof typeof conditions, unknown>>, refuse: (message: string) => void): void {
  const { timeout_ms: _, ...said } = given;
  const compares = comparisons.filter((key) => said[key] !== undefined).length;
  if (Object.keys(conditions).every((key) => Reflect.get(said, key) === undefined)) refuse("must say what must hold, such as text_on_page");
  if (said.value === undefined && compares > 0) refuse("must have a value to compare");
  if (said.value !== undefined && compares !== 1) refuse(`must compare its value by exactly one of ${comparisons.join(", ")}`);
}

export type PlaybookVerification = z.infer<typeof verificationSchema>;
export type PlaybookCondition = z.infer<typeof conditionSchema>;
export type PlaybookCheck = z.infer<typeof checkSchema>;
