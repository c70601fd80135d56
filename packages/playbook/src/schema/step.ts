import { z } from "zod";
import { actionSchemas } from "./action.ts";
import { conditionSchema, type PlaybookCondition, verificationSchema } from "./condition.ts";
import { name, playbookId, sentence, text } from "./texts.ts";

/** What every step that acts may say besides its action. */
const common = {
  description: sentence.default(""),
  verify: verificationSchema.optional(),
  on_failure: z.enum(["abort", "retry", "llm_recover"]).default("llm_recover"),
  failure_message: sentence.default(""),
  store_as: name.optional(),
  /** As what the found text is kept under `store_as`. */
  store_type: z.enum(["text", "number", "integer", "boolean", "json"]).optional(),
  effect: z.enum(["read", "write", "commit"]).optional(),
};

const sequenceSchema = z.strictObject({
  action: z.literal("execute_sequence"),
  /** Actions in order; the first that fails ends the sequence. */
  steps: z
    .array(z.preprocess(nameAction, z.discriminatedUnion("action", listOf(actionSchemas))))
    .min(1)
    .max(20),
});

const acting = [
  actionSchemas.goto.safeExtend(common),
  actionSchemas.go_back.safeExtend(common),
  actionSchemas.reload.safeExtend(common),
  actionSchemas.click.safeExtend(common),
  actionSchemas.hover.safeExtend(common),
  actionSchemas.drag.safeExtend(common),
  actionSchemas.fill.safeExtend(common),
  actionSchemas.press.safeExtend(common),
  actionSchemas.key_press.safeExtend(common),
  actionSchemas.select.safeExtend(common),
  actionSchemas.check.safeExtend(common),
  actionSchemas.scroll.safeExtend(common),
  actionSchemas.upload.safeExtend(common),
  actionSchemas.download.safeExtend(common),
  actionSchemas.wait_for.safeExtend(common),
  actionSchemas.extract.safeExtend(common),
  actionSchemas.llm_extract.safeExtend(common),
  actionSchemas.get_dom.safeExtend(common),
  actionSchemas.screenshot.safeExtend(common),
  actionSchemas.evaluate.safeExtend(common),
  actionSchemas.switch_tab.safeExtend(common),
  actionSchemas.close_tab.safeExtend(common),
  actionSchemas.handle_dialog.safeExtend(common),
  actionSchemas.api_request.safeExtend(common),
  sequenceSchema.safeExtend(common),
] as const;

const actingSchema = z.discriminatedUnion("action", acting);

/** A step that acts on a page. */
export type ActingStep = z.infer<typeof actingSchema>;

/** Runs one list of steps or the other. */
export interface IfStep {
  readonly action: "if";
  readonly if: PlaybookCondition;
  readonly then: readonly PlaybookStep[];
  readonly else: readonly PlaybookStep[];
  readonly description: string;
}

/** Runs steps once for each value of a list. */
export interface ForEachStep {
  readonly action: "for_each";
  /** The name the value has in the steps. */
  readonly for_each: string;
  /** The values, or a template of a list: a list parameter, or what a step stored. */
  readonly in: string | readonly string[];
  /** The most values; more is a failure, not a cut. */
  readonly limit: number;
  readonly steps: readonly PlaybookStep[];
  readonly description: string;
}

/** Runs another playbook of the catalogue in the same browser. */
export interface CallStep {
  readonly action: "call";
  /** The other playbook's id. */
  readonly call: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** What is taken over of what it stored: our name, its name. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly description: string;
}

/** One step. */
export type PlaybookStep = ActingStep | IfStep | ForEachStep | CallStep;

/** A step of one action, such as `StepOf<"click">`. */
export type StepOf<A extends PlaybookStep["action"]> = Extract<PlaybookStep, { action: A }>;

/** Steps within a step. */
const innerSteps: z.ZodType<readonly PlaybookStep[]> = z.lazy(() => z.array(stepSchema).max(200));

const flow = [
  z.strictObject({
    action: z.literal("if"),
    if: conditionSchema,
    // biome-ignore lint/suspicious/noThenProperty: it is a playbook's word, and is never awaited.
    then: innerSteps,
    else: innerSteps.default([]),
    description: sentence.default(""),
  }),
  z.strictObject({
    action: z.literal("for_each"),
    for_each: name,
    in: z.union([text, z.array(text).max(200)]),
    limit: z.number().int().min(1).max(200).default(50),
    steps: innerSteps,
    description: sentence.default(""),
  }),
  z.strictObject({
    action: z.literal("call"),
    call: playbookId,
    params: z.record(name, z.union([text, z.number(), z.boolean()])).default({}),
    outputs: z.record(name, name).default({}),
    description: sentence.default(""),
  }),
] as const;

/** One step, by its action; `if`, `for_each` and `call` are told by their own key. */
export const stepSchema: z.ZodType<PlaybookStep> = z.preprocess(nameAction, z.discriminatedUnion("action", [...acting, ...flow]));

/** Other words for an action, from playbooks of before. */
const aliases: ReadonlyMap<unknown, string> = new Map([
  ["type", "key_press"],
  ["text", "key_press"],
]);

/** Gives a step the action it means: `if`, `for_each` and `call` by their own key, and aliases. */
function nameAction(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const own = "action" in value ? value.action : ["if", "for_each", "call"].find((key) => key in value);
  return own === undefined ? value : { ...value, action: aliases.get(own) ?? own };
}

/** The schemas of a table, as the tuple a union takes. */
function listOf<T extends Record<string, z.ZodObject>>(table: T): [T[keyof T], ...T[keyof T][]] {
  const [first, ...others] = Object.values(table) as T[keyof T][];
  if (first === undefined) throw new Error("the table is empty");
  return [first, ...others];
}
