import { chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { type Browser, chromium } from "playwright";
import { findChromium } from "../../scripts/find-chromium.mjs";

/** Starts a Chromium to read pages with, one that calls nobody by itself. Dispose it: the browser closes. */
export async function launchChromium(...more: readonly string[]): Promise<Browser> {
  const found = await findChromium();
  return await chromium.launch({
    ...(found === undefined ? {} : { executablePath: found.path }),
    args: ["--no-sandbox", ...chromiumArguments, ...more],
  });
}
