/** What Playwright turns off. Chromium heeds only the last list it is given, which is ours, so that one is repeated here. */
const offByPlaywright = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "TcpPortRandomizationWin",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
  "msForceBrowserSignIn",
  "msEdgeUpdateLaunchServicesPreferredVersion",
];

/** The suggestions below an address bar that nobody sees: a page of Chromium's own, as dear to start as all the rest of it. */
const suggestions = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];

/** What asks a server of its own what the fields of forms mean. */
const homeCalls = ["AutofillServerCommunication"];

/** A process in store for the next site, started beside that of each page: as dear as the page itself, and most stay on one site. */
const stock = ["SpareRendererForSitePerProcess"];

/** A host that does not exist. What Chromium cannot be kept from asking home is asked of it. */
const nowhere = "nowhere.invalid";

/** What Chromium is started with, besides what Playwright gives it: nothing calls home by itself, nothing goes around a proxy, and nothing runs that only a person at its window needs. */
export const chromiumArguments = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  // Peers are reached through a proxy or not at all, which for what is no TCP means not at all.
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--dns-prefetch-disable",
  "--disable-domain-reliability",
  "--disable-dev-shm-usage",
  // The headless shell has all sites share a process unless it is told: a frame that hangs would hang the page around it.
  "--site-per-process",
  "--no-first-run",
  "--no-pings",
  `--component-updater=url-source=https://${nowhere}/`,
  `--gaia-url=https://${nowhere}`,
  `--disable-features=${[...offByPlaywright, ...suggestions, ...homeCalls, ...stock].join(",")}`,
];

/** What sends Chromium through a proxy on loopback with all but its calls home, which reach nobody: it looks no name up. */
export const byProxy = {
  bypass: `<-loopback>,${nowhere}`,
  arguments: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
};
