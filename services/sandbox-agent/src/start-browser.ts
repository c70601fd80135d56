import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type BrowserSession, launchBrowser } from "./browser/browser-session.ts";
import type { AgentSettings } from "./config.ts";
import { startRelay } from "./egress/relay.ts";

/** A sandbox's browser, and the relay by which all that it sends leaves. Dispose it to close both. */
export interface SandboxBrowser extends AsyncDisposable {
  readonly browser: BrowserSession;
}

/** A browser that starts. */
export interface StartingBrowser {
  /** Resolves once its process is there, or will never be: until then, whoever loads code holds it up. Never rejects. */
  readonly spawned: Promise<void>;
  /** Rejects with BROWSER_START_FAILED when it does not start. */
  readonly launched: Promise<SandboxBrowser>;
}

/** Launches the browser of a sandbox. */
export function startBrowser(settings: AgentSettings): StartingBrowser {
  const { promise: spawned, resolve } = Promise.withResolvers<void>();
  const onProcess = () => resolve();
  subscribe("child_process", onProcess);
  const launched = launch(settings).finally(() => {
    unsubscribe("child_process", onProcess);
    resolve();
  });
  launched.catch(() => {});
  return { spawned, launched };
}

async function launch(settings: AgentSettings): Promise<SandboxBrowser> {
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
