/** How long the browser may take, in milliseconds, unless a step gives its action a `timeout_ms`. */
export const timeouts = {
  action: 5_000,
  navigation: 7_000,
  /** For a selector to match after the page has come to rest. */
  selectorProbe: 800,
  /** For a selector to match however often the page moves meanwhile. */
  selectorTotal: 10_000,
  /** For what a page says it is loading around an element to be there. */
  busy: 3_000,
  screenshot: 5_000,
  /** For each character that is typed key by key, besides. */
  typedCharacter: 20,
  /** For a file to come whole. */
  download: 30_000,
} as const;
