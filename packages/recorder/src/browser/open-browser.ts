import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { type BrowserContext, chromium } from "playwright";
import { wayToAWindow } from "../way-to-a-window.ts";

/** Which browser to open. */
export interface OpenBrowserOptions {
  /** The Chromium to run; Playwright's own unless given. */
  readonly executablePath?: string | undefined;
  readonly headless: boolean;
}

/** A browser with a profile that is nobody's. Disposing it closes it and removes the profile. */
export interface OpenBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

const launchTimeoutMs = 30_000;

/** Opens a browser that calls nobody by itself and answers no dialog. Rejects with BROWSER_START_FAILED. */
export async function openBrowser({ executablePath, headless }: OpenBrowserOptions): Promise<OpenBrowser> {
  const profile = await mkdtemp(join(tmpdir(), "clew-recorder-"));
  const remove = () => rm(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      headless,
      chromiumSandbox: process.getuid?.() !== 0,
      args: [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-dev-shm-usage",
      ],
      // The window's own size; without one there is only what is given here.
      viewport: headless ? { width: 1280, height: 800 } : null,
      timeout: launchTimeoutMs,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      ...(executablePath !== undefined && { executablePath }),
    });
    return {
      context,
      async [Symbol.asyncDispose]() {
        await context.close().catch(() => {});
        await remove();
      },
    };
  } catch (cause) {
    await remove();
    const hasNoDisplay =
      !headless && cause instanceof Error && /X server|cannot open display|Failed to connect to Wayland/i.test(cause.message);
    const message = `The display that DISPLAY or WAYLAND_DISPLAY names does not answer, so no window can be shown. ${wayToAWindow}`;
    throw new Fault("BROWSER_START_FAILED", { cause, ...(hasNoDisplay && { message }) });
  }
}
