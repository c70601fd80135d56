import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { abortable } from "@clew/streams/abortable";
import type { Page } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { untraced } from "../browser/untraced.ts";
import type { ActionContext } from "./action.ts";
import { cut } from "./cut.ts";
import { timeouts } from "./timeouts.ts";
import { within } from "./within.ts";

/** How a step names a tab. */
export type WhichTab = StepOf<"switch_tab">["params"];

const titleChars = 60;

/** Finds the one open tab that a step names, and waits for one that is still to come. Rejects with ACTION_FAILED, listing the tabs there are. */
export async function findTab(which: WhichTab, { active, signal, redact }: ActionContext): Promise<Page> {
  const deadline = AbortSignal.timeout(timeouts.action);
  for (;;) {
    const changed = active.changed;
    await active.settled(signal);
    const matches = await matching(which, active.pages, signal);
    const [page] = matches;
    if (page !== undefined && matches.length === 1) return page;
    const isOver = await abortable(changed, AbortSignal.any([deadline, signal])).then(
      () => false,
      () => true,
    );
    signal.throwIfAborted();
    if (!isOver) continue;
    const found = matches.length === 0 ? "No tab is so" : `${matches.length} tabs are so`;
    const tabs = await Promise.all(active.pages.map((tab, index) => describeTab(tab, index, { signal, redact })));
    throw new Fault("ACTION_FAILED", { message: `${found}. Open are ${tabs.join("; ")}.` });
  }
}

/** Calls a tab by its title and its address. */
export async function tabWords(page: Page, { signal, redact }: Pick<ActionContext, "signal" | "redact">): Promise<string> {
  const title = redact(await titleOf(page, signal));
  return `${title === "" ? "the tab" : `'${cut(title, titleChars)}'`} (${publicAddress(redact(page.url()))})`;
}

async function describeTab(page: Page, index: number, context: Pick<ActionContext, "signal" | "redact">): Promise<string> {
  return `${index}: ${await tabWords(page, context)}`;
}

async function matching(
  { url_contains: url, title_contains: title, index }: WhichTab,
  pages: readonly Page[],
  signal: AbortSignal,
): Promise<readonly Page[]> {
  if (index !== undefined) return pages.slice(index, index + 1);
  if (url !== undefined) return pages.filter((page) => page.url().includes(url));
  if (title === undefined) return pages;
  const titles = await Promise.all(pages.map((page) => titleOf(page, signal)));
  return pages.filter((_, at) => titles[at]?.includes(title));
}

function titleOf(page: Page, signal: AbortSignal): Promise<string> {
  return within(
    untraced(page, () => page.title()),
    timeouts.selectorProbe,
    signal,
  ).catch(() => "");
}
