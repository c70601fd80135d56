import { type Browser, chromium } from "playwright";
import { chromiumArguments } from "./chromium-arguments.ts";

/** The Chromium of this machine, which vitest.config.ts finds. */
export const chromiumPath = process.env["CLEW_CHROMIUM"] ?? "/no/chromium/was/found: run npm run setup";

/** Launches a browser for the tests of one file, each of which makes a context of its own. The caller closes it. */
export function launchBareBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, chromiumSandbox: process.getuid?.() !== 0, args: chromiumArguments });
}
