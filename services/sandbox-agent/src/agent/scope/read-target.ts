import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { PlaybookAction } from "@clew/playbook/schema/action";
import type { ActionContext } from "../../actions/action.ts";
import { inBrowser } from "../../actions/in-browser.ts";
import { timeouts } from "../../actions/timeouts.ts";
import { toLocator } from "../../actions/to-locator.ts";
import { findFocus } from "../../browser/find-focus.ts";
import { settledFocus } from "../../browser/settled-focus.ts";
import { untraced } from "../../browser/untraced.ts";
import { readEach } from "../../observation/reader.ts";
import type { TargetFacts } from "./scope-verdict.ts";

type Context = Pick<ActionContext, "active" | "signal" | "redact">;

/** Reads what an action would touch, where it touches something: its element, both ends of a drag, or what has the focus. Changes nothing. */
export async function readTargets(action: PlaybookAction, context: Context): Promise<readonly TargetFacts[]> {
  const selectors = selectorsOf(action);
  if (selectors.length === 0 && action.action !== "press" && action.action !== "key_press") return [];
  return await inBrowser("Looking at the element", timeouts.selectorProbe, context, async (options) => {
    if (selectors.length > 0) {
      const page = await context.active.settled(options.signal);
      return (await Promise.all(selectors.map(({ primary }) => readEach(toLocator(page, primary), "touch", options)))).flat().map(toFacts);
    }
    const page = await settledFocus(context.active, options.signal);
    await using focus = await findFocus(page);
    const focused = focus.frame.locator("*:focus");
    return (await untraced(page, () => focused.count())) === 0 ? [] : (await readEach(focused, "touch", options)).map(toFacts);
  });
}

function selectorsOf(action: PlaybookAction): readonly PlaybookSelector[] {
  const own = "selector" in action && action.selector !== undefined ? [action.selector] : [];
  return action.action === "drag" ? [...own, action.params.to] : own;
}

function toFacts({ leadsTo, formAction, ...facts }: Awaited<ReturnType<typeof readEach<"touch">>>[number]): TargetFacts {
  return { ...facts, leadsTo: leadsTo ?? undefined, formAction: formAction ?? undefined };
}
