/** What Chromium is started with, besides what Playwright gives it: nothing calls home by itself, and nothing goes around a proxy. */
export const chromiumArguments = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--disable-domain-reliability",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--no-pings",
];
