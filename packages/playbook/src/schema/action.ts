import { z } from "zod";
import { requestSchema } from "./request.ts";
import { selectorSchema } from "./selector.ts";
import { actionTimeout, address, name, sentence, text } from "./texts.ts";

const key = z
  .string()
  .min(1)
  .max(50)
  .refine((name) => !/\p{Cc}/u.test(name), "must name keys, without control characters");
const fileName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$/, "must be a plain file name");
const extractMode = z.enum(["text", "html", "value", "markdown", "table"]);
const onlyTimeout = z.strictObject(actionTimeout).default({});
const whichTab = z
  .strictObject({
    url_contains: address.optional(),
    title_contains: sentence.min(1).optional(),
    index: z.number().int().min(0).max(50).optional(),
  })
  .refine((tab) => Object.values(tab).filter((value) => value !== undefined).length <= 1, "must name a tab in one way only");

/** What is typed: a text, or a credential by its name. */
const typed = { text: text.optional(), credential_ref: name.optional() };
const isTypedOnce = (params: { text?: string | undefined; credential_ref?: string | undefined }) =>
  params.text === undefined || params.credential_ref === undefined;

/** Every action but sequences: what it acts on, and how. One schema for a playbook's steps and for a model's tools. */
export const actionSchemas = {
  goto: z.strictObject({ action: z.literal("goto"), params: z.strictObject({ url: address, ...actionTimeout }) }),
  go_back: z.strictObject({ action: z.literal("go_back"), params: onlyTimeout }),
  reload: z.strictObject({ action: z.literal("reload"), params: onlyTimeout }),
  click: z.strictObject({
    action: z.literal("click"),
    selector: selectorSchema,
    params: z
      .strictObject({
        button: z.enum(["left", "middle", "right"]).optional(),
        count: z.number().int().min(1).max(3).optional(),
        modifiers: z
          .array(z.enum(["Alt", "Control", "Meta", "Shift"]))
          .max(4)
          .optional(),
        ...actionTimeout,
      })
      .default({}),
  }),
  hover: z.strictObject({ action: z.literal("hover"), selector: selectorSchema, params: onlyTimeout }),
  drag: z.strictObject({
    action: z.literal("drag"),
    selector: selectorSchema,
    params: z.strictObject({ to: selectorSchema, ...actionTimeout }),
  }),
  fill: z.strictObject({
    action: z.literal("fill"),
    selector: selectorSchema,
    params: z
      .strictObject({ ...typed, ...actionTimeout })
      .refine((params) => params.text !== undefined || params.credential_ref !== undefined, "must have text or credential_ref")
      .refine(isTypedOnce, "must not have both text and credential_ref"),
  }),
  press: z.strictObject({
    action: z.literal("press"),
    selector: selectorSchema.optional(),
    params: z.strictObject({ key, ...actionTimeout }),
  }),
  key_press: z.strictObject({
    action: z.literal("key_press"),
    selector: selectorSchema.optional(),
    params: z
      .strictObject({ ...typed, key: key.optional(), ...actionTimeout })
      .refine(
        (params) => params.text !== undefined || params.key !== undefined || params.credential_ref !== undefined,
        "must have text, key or credential_ref",
      )
      .refine(isTypedOnce, "must not have both text and credential_ref"),
  }),
  select: z.strictObject({
    action: z.literal("select"),
    selector: selectorSchema,
    params: z.strictObject({
      /** Options by value or label; several where the list allows it. */
      value: z.union([text, z.array(text).min(1).max(50)]),
      ...actionTimeout,
    }),
  }),
  check: z.strictObject({
    action: z.literal("check"),
    selector: selectorSchema,
    params: z.strictObject({ checked: z.boolean().default(true), ...actionTimeout }).default({ checked: true }),
  }),
  scroll: z.strictObject({
    action: z.literal("scroll"),
    selector: selectorSchema.optional(),
    params: z
      .strictObject({
        direction: z.enum(["up", "down", "left", "right"]).optional(),
        /** Notches of 200 pixels. */
        amount: z.number().int().min(1).max(100).optional(),
        /** All the way. */
        to: z.enum(["top", "bottom"]).optional(),
      })
      .refine(({ direction, to }) => direction === undefined || to === undefined, "must not have both direction and to")
      .default({}),
  }),
  upload: z.strictObject({
    action: z.literal("upload"),
    selector: selectorSchema,
    params: z.strictObject({ files: z.array(fileName).min(1).max(10), ...actionTimeout }),
  }),
  download: z
    .strictObject({
      action: z.literal("download"),
      selector: selectorSchema.optional(),
      params: z.strictObject({ url: address.optional(), name: fileName.optional(), ...actionTimeout }).default({}),
    })
    .refine(
      ({ selector, params }) => (selector === undefined) !== (params.url === undefined),
      "must have either a selector to click or params.url",
    ),
  wait_for: z.strictObject({
    action: z.literal("wait_for"),
    selector: selectorSchema,
    params: z
      .strictObject({ state: z.enum(["visible", "hidden", "attached", "detached"]).default("visible"), ...actionTimeout })
      .default({ state: "visible" }),
  }),
  extract: z.strictObject({
    action: z.literal("extract"),
    selector: selectorSchema.optional(),
    params: z
      .strictObject({
        mode: extractMode.default("text"),
        /** Whether every match is read, into a list, instead of the only one. */
        all: z.boolean().default(false),
        ...actionTimeout,
      })
      .default({ mode: "text", all: false }),
  }),
  llm_extract: z.strictObject({
    action: z.literal("llm_extract"),
    selector: selectorSchema.optional(),
    params: z.strictObject({ mode: extractMode.optional() }).default({}),
    prompt: text,
  }),
  get_dom: z.strictObject({
    action: z.literal("get_dom"),
    selector: selectorSchema.optional(),
    params: z
      .strictObject({
        max_chars: z.number().int().min(200).max(100_000).optional(),
        depth: z.number().int().min(1).max(50).optional(),
        find: sentence.min(1).optional(),
        /** Whether only what changed since the last look is wanted. */
        changes: z.boolean().optional(),
      })
      .default({}),
  }),
  screenshot: z.strictObject({
    action: z.literal("screenshot"),
    selector: selectorSchema.optional(),
    params: z.strictObject({ full_page: z.boolean().optional(), boxes: z.boolean().optional(), name: fileName.optional() }).default({}),
  }),
  evaluate: z.strictObject({
    action: z.literal("evaluate"),
    params: z.strictObject({
      /** JavaScript; never a template. It finds `args` in a variable of that name. */
      script: text.default(""),
      args: z.record(name, text).default({}),
      ...actionTimeout,
    }),
  }),
  switch_tab: z.strictObject({ action: z.literal("switch_tab"), params: whichTab }),
  close_tab: z.strictObject({ action: z.literal("close_tab"), params: whichTab.default({}) }),
  handle_dialog: z.strictObject({
    action: z.literal("handle_dialog"),
    params: z.strictObject({ accept: z.boolean(), text: text.optional() }),
  }),
  api_request: z.strictObject({ action: z.literal("api_request"), request: requestSchema }),
} as const;

/** An action that stands alone. */
export type PlaybookAction = { [A in keyof typeof actionSchemas]: z.infer<(typeof actionSchemas)[A]> }[keyof typeof actionSchemas];
