import { z } from "zod";
import { playbookLimits as limits } from "./limits.ts";
import { patternProblem } from "./pattern.ts";

const sentence = z.string().max(limits.sentenceChars);
const text = z.string().max(limits.textChars);
const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be a name of letters, digits and _, not starting with a digit");
const timeoutMs = (most: number) => z.number().int().min(50).max(most);

/** How to find one element: the first of `primary` and `fallbacks` that shows. A string stands for `{ primary }`. */
export const selectorSchema = z.preprocess(
  (value) => (typeof value === "string" ? { primary: value } : value),
  z.strictObject({
    primary: z.string().min(1).max(limits.selectorChars),
    fallbacks: z.array(z.string().min(1).max(limits.selectorChars)).max(10).default([]),
    description: sentence.default(""),
  }),
);

/** What the page must become for a step to have worked; all that is given must hold at once. */
export const verificationSchema = z
  .strictObject({
    expect_url_contains: z.string().min(1).max(limits.urlChars).optional(),
    expect_element_visible: z.string().min(1).max(limits.selectorChars).optional(),
    expect_element_gone: z.string().min(1).max(limits.selectorChars).optional(),
    expect_text_on_page: z.string().min(1).max(limits.textChars).optional(),
    timeout_ms: timeoutMs(60_000).default(5_000),
  })
  .refine((verify) => Object.keys(verify).some((key) => key.startsWith("expect_")), "must expect something, such as expect_text_on_page");

const requestSchema = z.strictObject({
  method: z.string().default("GET"),
  url: z.string().min(1).max(limits.urlChars),
  query: z.record(z.string(), z.unknown()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  cookies: z.record(z.string(), z.string()).optional(),
  json: z.unknown().optional(),
  form: z.record(z.string(), z.unknown()).optional(),
  timeout_ms: timeoutMs(60_000).default(10_000),
  response: z.strictObject({ mode: z.enum(["text", "json", "json_path"]).default("text"), json_path: z.string().optional() }).optional(),
});

const common = {
  description: sentence.default(""),
  verify: verificationSchema.optional(),
  on_failure: z.enum(["abort", "retry", "llm_recover"]).default("llm_recover"),
  failure_message: sentence.default(""),
  store_as: name.optional(),
  effect: z.enum(["read", "write", "commit"]).optional(),
};
const actionTimeout = { timeout_ms: timeoutMs(60_000).optional() };
const mode = z.enum(["text", "html", "value", "markdown"]).default("text");
const timeoutOnly = z.strictObject(actionTimeout).default({});

const keyPressParams = z
  .strictObject({ text: text.optional(), key: z.string().min(1).max(50).optional(), credential_ref: name.optional(), ...actionTimeout })
  .refine(
    (params) => params.text !== undefined || params.key !== undefined || params.credential_ref !== undefined,
    "must have text, key or credential_ref",
  )
  .refine((params) => params.text === undefined || params.credential_ref === undefined, "must not have both text and credential_ref");

/** One step, by its action. */
export const stepSchema = z.discriminatedUnion("action", [
  z.strictObject({
    action: z.literal("goto"),
    params: z.strictObject({ url: z.string().min(1).max(limits.urlChars), ...actionTimeout }),
    ...common,
  }),
  z.strictObject({ action: z.literal("click"), selector: selectorSchema, params: timeoutOnly, ...common }),
  z.strictObject({ action: z.literal("key_press"), selector: selectorSchema.optional(), params: keyPressParams, ...common }),
  z.strictObject({
    action: z.literal("wait_for"),
    selector: selectorSchema,
    params: z
      .strictObject({ state: z.enum(["visible", "hidden", "attached", "detached"]).default("visible"), ...actionTimeout })
      .default({ state: "visible" }),
    ...common,
  }),
  z.strictObject({
    action: z.literal("select"),
    selector: selectorSchema,
    params: z.strictObject({ value: text, ...actionTimeout }),
    ...common,
  }),
  z.strictObject({
    action: z.literal("extract"),
    selector: selectorSchema.optional(),
    params: z.strictObject({ mode, ...actionTimeout }).default({ mode: "text" }),
    ...common,
  }),
  z.strictObject({ action: z.literal("evaluate"), params: z.strictObject({ script: text.default("") }), ...common }),
  z.strictObject({
    action: z.literal("llm_extract"),
    selector: selectorSchema.optional(),
    params: z.strictObject({ mode: mode.optional() }).default({}),
    prompt: text,
    ...common,
  }),
  z.strictObject({ action: z.literal("api_request"), request: requestSchema, ...common }),
]);

/** One value a playbook takes. Without a default it must be given. */
export const parameterSchema = z.strictObject({
  name,
  type: z.enum(["string", "int", "selector_text"]).default("string"),
  description: sentence.default(""),
  default: z.union([z.string().max(limits.textChars), z.number().int()]).optional(),
  pattern: z
    .string()
    .max(limits.patternChars)
    .superRefine((pattern, context) => {
      const message = patternProblem(pattern);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .optional(),
  inject_into: z.string().optional(),
});

const successSchema = z.strictObject({
  url_contains: z.string().optional(),
  element_visible: z.string().optional(),
  text_on_page: z.string().optional(),
  cookie_present: z.string().optional(),
  timeout_ms: timeoutMs(120_000).default(15_000),
});
const captureSchema = z.strictObject({
  cookies: z.array(z.strictObject({ name: z.string(), store_as: name, domain: z.string().optional() })).default([]),
  storage: z.array(z.strictObject({ key: z.string(), store_as: name, scope: z.enum(["local", "session"]).default("local") })).default([]),
  static_headers: z.record(z.string(), z.string()).default({}),
});
const guardrailsSchema = z.strictObject({
  allowed_domains: z.array(z.string()).optional(),
  blocked_domains: z.array(z.string()).optional(),
  max_urls_visited: z.number().int().min(1).max(500).optional(),
  max_consecutive_errors: z.number().int().min(1).max(50).optional(),
  allow_private_networks: z.boolean().optional(),
  enable_llm_action_check: z.boolean().optional(),
});

/** The whole of what a playbook may say, with defaults filled in. What cannot run yet is known here and refused by `unbuiltParts`. */
export const playbookSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, "must be letters, digits, - and _, at most 100"),
  name: sentence.optional(),
  version: z.preprocess((value) => (typeof value === "number" ? String(value) : value), z.string().max(50)).default(""),
  description: sentence.default(""),
  parameters: z.array(parameterSchema).max(limits.parameters).default([]),
  auth_required: z.boolean().optional(),
  auth: z
    .strictObject({ mode: z.enum(["form_login", "manual", "none"]), login_url: z.string().optional(), success: successSchema.optional() })
    .optional(),
  capture: captureSchema.optional(),
  steps: z.array(stepSchema).min(1).max(limits.steps),
  tags: z.array(z.string().min(1).max(100)).max(50).default([]),
  start_url: z.string().min(1).max(limits.urlChars).optional(),
  guardrails: guardrailsSchema.optional(),
});

export type Playbook = z.infer<typeof playbookSchema>;
export type PlaybookParameter = z.infer<typeof parameterSchema>;
export type PlaybookStep = z.infer<typeof stepSchema>;
export type PlaybookSelector = z.infer<typeof selectorSchema>;
export type PlaybookVerification = z.infer<typeof verificationSchema>;
/** A step of one action, such as `StepOf<"click">`. */
export type StepOf<A extends PlaybookStep["action"]> = Extract<PlaybookStep, { action: A }>;
