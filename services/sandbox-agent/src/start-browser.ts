import { type BrowserSession, launchBrowser } from "./browser/browser-session.ts";
import type { AgentSettings } from "./config.ts";
import { startRelay } from "./egress/relay.ts";

/** A sandbox's browser, and the relay by which all that it sends leaves. Dispose it to close both. */
export interface SandboxBrowser extends AsyncDisposable {
  readonly browser: BrowserSession;
}

/** Launches the browser of a sandbox. Rejects with BROWSER_START_FAILED when it does not start. */
export async function startBrowser(settings: AgentSettings): Promise<SandboxBrowser> {
  await using parts = new AsyncDisposableStack();
  const relay = parts.use(await startRelay(settings.egressSocket));
  const browser = parts.use(
    await launchBrowser({
      executablePath: settings.chromiumPath,
      sandbox: settings.chromiumSandbox,
      headless: settings.headless,
      workFolder: settings.workFolder,
      tempFolder: settings.tempFolder,
      sandboxId: settings.sandboxId,
      proxy: `http://127.0.0.1:${relay.port}`,
    }),
  );
  const started = parts.move();
  return { browser, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
