import { type Browser, chromium } from "playwright";
import { chromiumArguments } from "./chromium-arguments.ts";

/** Launches a browser for the tests of one file, each of which makes a context of its own. The caller closes it. */
export function launchBareBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: process.getuid?.() !== 0, args: chromiumArguments });
}
