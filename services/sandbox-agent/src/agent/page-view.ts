import { createHash } from "node:crypto";
import type { ActionContext } from "../actions/action.ts";
import { inBrowser } from "../actions/in-browser.ts";
import { timeouts } from "../actions/timeouts.ts";
import { untraced } from "../browser/untraced.ts";
import { fitLines } from "../observation/fit-lines.ts";
import { toLines } from "../observation/lines.ts";
import { readSnapshot } from "../observation/observe.ts";
import type { SnapshotNode } from "../observation/snapshot-tree.ts";
import type { AgentScope } from "./agent-scope.ts";
import { cutMarked } from "./scope/cut-marked.ts";
import { type ViewedElement, walkNodes } from "./viewed-element.ts";

/** What a model is shown of a page at most, in characters, with all marks around it. */
export const viewChars = 16_000;

/** What marks around a page take at most. */
const markChars = 500;

/** The page's title and address take no more than this part of a view. */
const headShare = 0.1;

/** A page as a model is shown it; without secrets and without what its scope hides. */
export interface PageView {
  /** What the model reads: marked as a page's words. */
  readonly text: string;
  readonly nodes: readonly SnapshotNode[];
  /** The elements that it may act on, by ref. */
  readonly elements: ReadonlyMap<string, ViewedElement>;
  /** Changes when the page does, and stays when only its refs change. */
  readonly fingerprint: string;
}

/** Looks at the page for a model, in at most 16,000 characters. A page that cannot be looked at is a view that says so. */
export async function viewPage(
  context: Pick<ActionContext, "active" | "signal" | "redact">,
  scope: Pick<AgentScope, "filterNodes" | "judgePage" | "markUntrusted">,
): Promise<PageView> {
  const { active, redact, signal } = context;
  const refused = scope.judgePage(active.url);
  if (refused !== undefined) {
    await closeRefused(active);
    return viewOf(`[The page is not shown: ${redact(refused.message)}]`, [], scope);
  }
  try {
    return await inBrowser("Looking at the page", timeouts.action, context, async (options) => {
      const page = await active.settled(signal);
      const { filterNodes } = scope;
      const [{ nodes, mask }, title] = await Promise.all([
        readSnapshot(page, { ...options, redact, filterNodes }),
        untraced(page, () => page.title()),
      ]);
      const { pages } = active;
      const tab = pages.length > 1 ? ` (tab ${pages.indexOf(page)} of 0 to ${pages.length - 1})` : "";
      const head = `page ${JSON.stringify(mask.all(title))} ${mask.all(page.url())}${tab}`.slice(0, viewChars * headShare);
      const { text } = fitLines(toLines(nodes), viewChars - markChars - head.length - 1);
      return viewOf(`${head}\n${text || "[The page is empty]"}`, nodes, scope);
    });
  } catch (thrown) {
    signal.throwIfAborted();
    const why = thrown instanceof Error ? thrown.message : "";
    return viewOf(`[The page could not be looked at: ${why}]`.slice(0, viewChars * headShare), [], scope);
  }
}

/** Leaves a page that must not be read. */
export async function closeRefused({ page }: Pick<ActionContext["active"], "page">): Promise<void> {
  await page.goto("about:blank").catch(() => {});
}

function viewOf(text: string, nodes: readonly SnapshotNode[], scope: Pick<AgentScope, "markUntrusted">): PageView {
  const fingerprint = createHash("sha256")
    .update(text.replaceAll(/ \[ref=[^\]]*\]/g, ""))
    .digest("base64url")
    .slice(0, 16);
  return { text: cutMarked(scope.markUntrusted(text), viewChars), nodes, elements: elementsOf(nodes), fingerprint };
}

function elementsOf(nodes: readonly SnapshotNode[]): ReadonlyMap<string, ViewedElement> {
  const named = [...walkNodes(nodes)].filter(({ node }) => node.ref !== "");
  return new Map(named.map((element) => [element.node.ref, element]));
}
