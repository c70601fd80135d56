/** The history of a tab, as the browser keeps it. */
export interface TabHistory {
  readonly index: number;
  readonly entries: readonly { readonly id: number; readonly url: string; readonly transition: string }[];
}

/** What a person did to a tab itself, not to its page. */
export type TabMove = { readonly kind: "goto"; readonly url: string } | { readonly kind: "go_back" | "reload" };

/** How long after something was done in a page what becomes of the page is explained by it, in milliseconds. */
const explainedMs = 1_500;

/** How the browser came to an address, where it was the page that led there. */
const led = /^(?:link|form_submit|auto_subframe|manual_subframe|client_redirect|server_redirect)$/;

/** Looks back in a history that was read late, to the last time it was at this address; undefined where it was read too early to have it. */
export function historyAt(url: string, { index, entries }: TabHistory): TabHistory | undefined {
  const at = entries.findLastIndex((entry, place) => place <= index && entry.url === url);
  return at < 0 ? undefined : { index: at, entries };
}

/** Tells what a person did that led from one history to the other; undefined where something that was done in the page explains it. */
export function explainNavigation(before: TabHistory | undefined, now: TabHistory, sinceLastMs: number): TabMove | undefined {
  const entry = now.entries[now.index];
  if (entry === undefined || /^(?:about:blank|chrome:)/.test(entry.url)) return undefined;
  const last = before?.entries[before.index];
  if (before !== undefined && now.index < before.index) {
    if (sinceLastMs < explainedMs) return undefined;
    return now.index === before.index - 1 ? { kind: "go_back" } : { kind: "goto", url: entry.url };
  }
  if (last !== undefined && last.id === entry.id) {
    const isReload = entry.transition === "reload" && sinceLastMs >= explainedMs;
    return isReload ? { kind: "reload" } : undefined;
  }
  return led.test(entry.transition) ? undefined : { kind: "goto", url: entry.url };
}
