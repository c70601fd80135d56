import { z } from "zod";

const alternatives = z.array(z.union([z.string().max(2_000), z.array(z.string().max(2_000)).min(1).max(10)])).max(20);
const on = { selectors: alternatives, frame: z.array(z.number().int().min(0)).max(5).optional(), target: z.string().optional() };
const key = z.string().min(1).max(50);

/** What is asserted of a step; other kinds of assertions are let through, and named. */
const common = {
  assertedEvents: z.array(z.looseObject({ type: z.string(), url: z.string().optional(), title: z.string().optional() })).optional(),
};

/** The steps of a DevTools recording that a playbook can do. What else they hold is left as it is. */
export const knownStepSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("navigate"), url: z.string().min(1), ...common }),
  z.object({ type: z.literal("click"), button: z.string().optional(), ...on, ...common }),
  z.object({ type: z.literal("doubleClick"), button: z.string().optional(), ...on, ...common }),
  z.object({ type: z.literal("hover"), ...on, ...common }),
  z.object({ type: z.literal("change"), value: z.string(), ...on, ...common }),
  z.object({ type: z.literal("keyDown"), key, ...common }),
  z.object({ type: z.literal("keyUp"), key, ...common }),
  z.object({
    type: z.literal("waitForElement"),
    ...on,
    operator: z.enum(["==", ">=", "<="]).optional(),
    count: z.number().optional(),
    visible: z.boolean().optional(),
    ...common,
  }),
]);

/** A recording of Chrome DevTools' Recorder, as it exports one. */
export const recordingSchema = z.looseObject({
  title: z.string().optional(),
  steps: z
    .array(z.looseObject({ type: z.string().max(100) }))
    .min(1)
    .max(1_000),
});

/** A step that a playbook can do. */
export type KnownStep = z.infer<typeof knownStepSchema>;
/** The selectors of a step: other ways to the same element, each a text or the way through shadow roots. */
export type DevtoolsSelectors = z.infer<typeof alternatives>;
