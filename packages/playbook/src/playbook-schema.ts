import { z } from "zod";
import { playbookLimits as limits } from "./limits.ts";
import { authenticationSchema, captureSchema } from "./schema/authentication.ts";
import { checkSchema } from "./schema/condition.ts";
import { guardrailsSchema } from "./schema/guardrails.ts";
import { parameterSchema } from "./schema/parameter.ts";
import { stepSchema } from "./schema/step.ts";
import { address, playbookId, sentence } from "./schema/texts.ts";

/** The whole of what a playbook may say, with defaults filled in. */
export const playbookSchema = z.strictObject({
  id: playbookId,
  name: sentence.optional(),
  version: z.preprocess((value) => (typeof value === "number" ? String(value) : value), z.string().max(50)).default(""),
  description: sentence.default(""),
  parameters: z.array(parameterSchema).max(limits.parameters).default([]),
  auth_required: z.boolean().optional(),
  auth: authenticationSchema.optional(),
  capture: captureSchema.optional(),
  steps: z.array(stepSchema).min(1).max(limits.steps),
  checks: z.array(checkSchema).max(limits.checks).default([]),
  tags: z.array(z.string().min(1).max(100)).max(50).default([]),
  start_url: address.optional(),
  guardrails: guardrailsSchema.optional(),
});

export type Playbook = z.infer<typeof playbookSchema>;
export type { Candidate } from "./schema/candidate.ts";
export type { PlaybookCheck, PlaybookCondition, PlaybookVerification } from "./schema/condition.ts";
export type { PlaybookParameter } from "./schema/parameter.ts";
export type { PlaybookRequest } from "./schema/request.ts";
export type { PlaybookSelector } from "./schema/selector.ts";
export type { ActingStep, CallStep, ForEachStep, IfStep, PlaybookStep, StepOf } from "./schema/step.ts";
