import { nearestOf } from "../nearest.ts";

/** Those of browsers: Selectors level 4 and 5, HTML, and what Chromium has besides. */
const ofBrowsers = [
  ...["active", "any-link", "autofill", "checked", "default", "defined", "dir", "disabled", "empty", "enabled", "first", "first-child"],
  ...["first-of-type", "focus", "focus-visible", "focus-within", "fullscreen", "has", "has-slotted", "heading", "host", "host-context"],
  ...["hover", "in-range", "indeterminate", "invalid", "is", "lang", "last-child", "last-of-type", "left", "link", "local-link", "modal"],
  ...["not", "nth-child", "nth-last-child", "nth-last-of-type", "nth-of-type", "only-child", "only-of-type", "open", "optional"],
  ...["out-of-range", "picture-in-picture", "placeholder-shown", "popover-open", "read-only", "read-write", "required", "right", "root"],
  ...["scope", "state", "target", "target-after", "target-before", "target-current", "target-within", "user-invalid", "user-valid"],
  ...["valid", "visited", "where", "blank", "current", "future", "past", "playing", "paused", "seeking", "buffering", "stalled", "muted"],
  ...["volume-locked", "xr-overlay", "active-view-transition", "active-view-transition-type", "interest-source", "interest-target"],
  ...["window-inactive", "horizontal", "vertical", "decrement", "increment", "start", "end", "double-button", "single-button"],
  ...["no-button", "corner-present", "matches", "nth-col", "nth-last-col", "closed", "after", "before", "first-letter", "first-line"],
];

/** Those of Playwright: https://playwright.dev/docs/other-locators#css-locator */
const ofPlaywright = [
  "above",
  "below",
  "has-text",
  "left-of",
  "light",
  "near",
  "nth-match",
  "right-of",
  "text",
  "text-is",
  "text-matches",
  "visible",
];

const all = [...ofBrowsers, ...ofPlaywright];
const known: ReadonlySet<string> = new Set(all);

/** The pseudo-class that one which there is not was most likely meant to be. A vendor's, and what resembles none, may be one of a newer browser's. */
export function misspeltPseudo(name: string): string | undefined {
  const written = name.toLowerCase();
  return known.has(written) || written.startsWith("-") ? undefined : nearestOf(written, all);
}
