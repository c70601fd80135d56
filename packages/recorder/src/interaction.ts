import { z } from "zod";

const part = z.string().min(1).max(1_000);

/** One way to find an element, as a playbook writes it: exactly one of the ways, without the frame it is in. */
export const candidateSchema = z.strictObject({
  role: part.optional(),
  name: part.optional(),
  label: part.optional(),
  test_id: part.optional(),
  placeholder: part.optional(),
  text: part.optional(),
  css: part.optional(),
  xpath: part.optional(),
  selector: part.optional(),
  exact: z.boolean().optional(),
});

const targetSchema = z.strictObject({
  /** Tells the elements of one recording apart. */
  element: z.string().max(100),
  /** What a person would call it; may be empty. */
  label: z.string().max(200),
  /** The best first. */
  candidates: z.array(candidateSchema).max(11),
  /** Selectors of the frames it is in, the outermost first. */
  frame: z.array(part).max(5).default([]),
});

const target = targetSchema;
const textual = z.string().max(16 * 1024);

/** What a page says that a person did in it. Of a secret it says that one was typed, never which. */
export const pageMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("click"),
    target,
    button: z.enum(["left", "middle", "right"]).default("left"),
    count: z.number().int().min(1).max(3).default(1),
    modifiers: z
      .array(z.enum(["Alt", "Control", "Meta", "Shift"]))
      .max(4)
      .default([]),
  }),
  z.strictObject({ kind: z.literal("hover"), target }),
  z.strictObject({ kind: z.literal("type"), target, text: textual }),
  z.strictObject({ kind: z.literal("type_secret"), target }),
  z.strictObject({ kind: z.literal("select"), target, values: z.array(textual).max(50) }),
  z.strictObject({ kind: z.literal("check"), target, checked: z.boolean() }),
  z.strictObject({ kind: z.literal("press"), target: target.optional(), key: z.string().min(1).max(50) }),
  z.strictObject({ kind: z.literal("upload"), target, files: z.array(z.string().max(255)).max(50) }),
  /** The person turned to this tab. */
  z.strictObject({ kind: z.literal("shown") }),
  z.strictObject({ kind: z.literal("end") }),
]);

/** One way to find an element. */
export type RecordedCandidate = z.infer<typeof candidateSchema>;
/** An element that something was done with. */
export type Target = z.infer<typeof targetSchema>;
/** What a page says. */
export type PageMessage = z.infer<typeof pageMessageSchema>;

/** One thing a person did, or that came of it, in order. */
export type Interaction =
  | Exclude<PageMessage, { kind: "end" | "shown" }>
  | { readonly kind: "wait_for"; readonly target: Target; readonly state: "visible" | "hidden" | "attached" | "detached" }
  | { readonly kind: "goto"; readonly url: string }
  | { readonly kind: "go_back" | "reload" | "download" | "close_tab" }
  | TabSwitch
  | { readonly kind: "dialog"; readonly accept: boolean; readonly text?: string | undefined }
  /** A navigation that what was done before explains. */
  | Arrival;

/** A turn to another tab. */
export interface TabSwitch {
  readonly kind: "switch_tab";
  /** The tabs, counted in the order they were opened, closed ones included. */
  readonly from: number;
  readonly to: number;
  /** How it is told from the other tabs that are open: by nothing where it is the only other one. */
  readonly which: { readonly path?: string; readonly index?: number };
}

/** Where a navigation led. */
export interface Arrival {
  readonly kind: "arrive";
  readonly url: string;
  /** The page's first heading; empty where it has none. */
  readonly heading: string;
}
