import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { actionSchemas } from "@clew/playbook/schema/action";
import { selectorSchema } from "@clew/playbook/schema/selector";
import { z } from "zod";

type Action = keyof typeof actionSchemas;

/** What no model is offered: scripts of its own, what asks a model again, and typing by another name. */
type Withheld = "evaluate" | "llm_extract";

/** An action that a model may be offered. */
export type OfferedAction = Exclude<Action, Withheld>;

/** What each tool is for, as the model reads it. */
const purposes: Readonly<Record<OfferedAction, string>> = {
  goto: "Open an address that the task, the person or a link gave. Never guess one.",
  go_back: "Go back to the page before.",
  reload: "Load the page again.",
  click: "Click an element.",
  hover: "Move the pointer over an element.",
  drag: "Drag an element onto another.",
  fill: "Put a text into a field, over what is there: `text`, or `credential_ref` for a secret by its name.",
  press: "Press a key, such as Enter or Control+A, in an element or where the focus is.",
  key_press: "Type after what is there, where the focus is or into an element, and press a key after it.",
  select: "Choose options of a list, by label or value.",
  check: "Check or uncheck a box.",
  scroll: "Scroll the page, or an element into view. What you are shown is the whole page already.",
  upload: "Give files of the run, by name, to a file field.",
  download: "Keep the file that a click or an address brings.",
  wait_for: "Wait until an element shows or goes.",
  extract: "Read an element, or the page, as a text for the result: text, markdown, a field's value or a table.",
  get_dom: "Look at the page again: a part of it, what holds a text (`find`), or more of it (`max_chars`).",
  screenshot: "Keep a picture of the page for people.",
  switch_tab: "Act on another tab.",
  close_tab: "Close a tab.",
  handle_dialog: "Say how the next dialog of the page is answered, before the action that opens it.",
  api_request: "Send an HTTP request with the browser's login.",
};

/** How an element is named. */
const elementSchema = { type: "string", description: "The ref of an element in the last look at the page, such as e12." } as const;

const objectSchema = z.object({
  properties: z.record(z.string(), z.json()).default({}),
  required: z.array(z.string()).default([]),
});

/** Whether a tool's name is that of an action that models are offered. */
export function isOffered(name: string): name is OfferedAction {
  return Object.hasOwn(purposes, name);
}

type InputSchema = LanguageModelV4FunctionTool["inputSchema"];

function isSelector(schema: unknown): boolean {
  return schema === selectorSchema;
}

/** A step's schema with its parameters side by side: models get nesting wrong. */
function inputSchema(action: OfferedAction): InputSchema {
  const written = z.toJSONSchema(actionSchemas[action], {
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      if (!isSelector(zodSchema)) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, elementSchema);
    },
  });
  const step = objectSchema.parse(written);
  const inner = objectSchema.parse(step.properties.params ?? step.properties.request ?? {});
  const { timeout_ms: _, ...own } = inner.properties;
  const hasElement = step.properties.selector !== undefined;
  return {
    type: "object",
    properties: { ...(hasElement && { element: elementSchema }), ...own },
    required: [...(step.required.includes("selector") ? ["element"] : []), ...inner.required],
    additionalProperties: false,
    ...(action === "api_request" && { $defs: written.$defs }),
  } as InputSchema;
}

/** All there are: every turn of every agent asks for them. */
const tools: readonly LanguageModelV4FunctionTool[] = Object.keys(purposes)
  .filter(isOffered)
  .map((name) => ({ type: "function", name, description: purposes[name], inputSchema: inputSchema(name) }));

/** Gives the tools for the actions that are allowed, of the schemas that playbooks' steps are read with. */
export function actionTools(allowed: ReadonlySet<string>): LanguageModelV4FunctionTool[] {
  return tools.filter(({ name }) => allowed.has(name));
}
