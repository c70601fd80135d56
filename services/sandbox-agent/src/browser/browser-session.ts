import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Fault } from "@clew/fault/fault";
import { sandboxVariable } from "@clew/process/process-tree";
import { abortable } from "@clew/streams/abortable";
import { type Browser, chromium } from "playwright";
import type { BrowserState } from "../authentication/browser-state.ts";
import { registerReader } from "../observation/reader.ts";
import { ActivePage } from "./active-page.ts";
import { type BrowserProcesses, findBrowserProcesses } from "./browser-processes.ts";
import { byProxy, chromiumArguments } from "./chromium-arguments.ts";

/** Which browser to launch, and where it may leave things. */
export interface LaunchBrowserOptions {
  /** The Chromium to run. */
  readonly executablePath: string;
  readonly headless: boolean;
  /** Whether Chromium's own sandbox is on. */
  readonly sandbox: boolean;
  /** The sandbox's folder, no other browser's: downloads, traces and the browser's home lie inside. Its profile lies in the process's temp folder (TMPDIR). */
  readonly workFolder: string;
  /** Where the browser binds its own socket: a folder with a short path, since a Unix socket's may not be longer than 107 bytes. Its home unless given. */
  readonly tempFolder?: string;
  /** The proxy that all goes through, loopback included, as `http://127.0.0.1:<port>`; none unless given. */
  readonly proxy?: string;
  /** The sandbox's id, by which the browser's processes are known. */
  readonly sandboxId: string;
  /** Gives up launching. */
  readonly signal?: AbortSignal;
}

/** How the page presents itself to one run. */
export interface PageOptions {
  readonly width: number;
  readonly height: number;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly colorScheme?: "light" | "dark" | undefined;
  readonly extraHttpHeaders?: Readonly<Record<string, string>> | undefined;
  /** The login it begins with. */
  readonly state?: BrowserState | undefined;
  /** Whether it is to be traced. */
  readonly isTraced?: boolean | undefined;
}

/** A launched browser, for one run after the other. Disposing it closes it, or kills it after 5 s; twice is fine. */
export interface BrowserSession extends AsyncDisposable {
  /** The browser itself. */
  readonly chromium: Browser;
  /** The browser's name and version, such as `Chromium 156.0.8078.79`. */
  readonly version: string;
  /** Whether it has a window. */
  readonly isHeaded: boolean;
  /** Resolves when the browser has ended, for whatever reason: no process and no profile of it is left. */
  readonly closed: Promise<void>;
  /** Aborts with a BROWSER_CRASHED fault when the browser ends without having been disposed. */
  readonly crashed: AbortSignal;
  /** Begins to open a page such as most runs want, before one asks, and to do with it what those do first. */
  prepare(options: PageOptions, ready?: (page: ActivePage) => Promise<unknown>): void;
  /** Makes the context and the page of a run, or gives the prepared one, once, where it is the same. The caller disposes it. */
  openPage(options: PageOptions): Promise<ActivePage>;
  /** Keeps the page that a run leaves, with all of its context, for the run that continues there. */
  leavePage(page: ActivePage): void;
  /** Whether there is one, and all is well with it. */
  readonly hasLeftPage: boolean;
  /** Takes it, once. The caller disposes it, or leaves it in turn. @throws Fault SANDBOX_LOST where there is none. */
  takeLeftPage(): ActivePage;
}

const launchTimeoutMs = 30_000;
const closeTimeoutMs = 5_000;
const killTimeoutMs = 12_000;

/** Launches Chromium. Rejects with BROWSER_START_FAILED when it does not start. */
export async function launchBrowser({
  executablePath,
  headless,
  sandbox,
  workFolder,
  tempFolder,
  sandboxId,
  proxy,
  signal,
}: LaunchBrowserOptions): Promise<BrowserSession> {
  const folder = (name: string) => join(workFolder, name);
  await Promise.all(["home", "downloads", "traces", "artifacts"].map((name) => mkdir(folder(name), { recursive: true, mode: 0o700 })));
  await registerReader();
  const browser = await chromium
    .launch({
      executablePath,
      headless,
      chromiumSandbox: sandbox,
      args: proxy === undefined ? chromiumArguments : [...chromiumArguments, ...byProxy.arguments],
      ...(proxy && { proxy: { server: proxy, bypass: byProxy.bypass } }),
      // Nothing else of the agent's own environment reaches the browser.
      env: {
        [sandboxVariable]: sandboxId,
        HOME: folder("home"),
        TMPDIR: tempFolder ?? folder("home"),
        PATH: "/usr/local/bin:/usr/bin:/bin",
        LANG: "C.UTF-8",
      },
      downloadsPath: folder("downloads"),
      tracesDir: folder("traces"),
      artifactsDir: folder("artifacts"),
      timeout: launchTimeoutMs,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      ...(signal && { signal }),
    })
    .catch((cause: unknown) => {
      throw new Fault("BROWSER_START_FAILED", { cause });
    });
  const processes = findBrowserProcesses({ id: sandboxId, folder: workFolder });
  return sessionOf(browser, { isHeaded: !headless, processes, downloadsFolder: folder("downloads") });
}

function sessionOf(
  browser: Browser,
  { isHeaded, processes, downloadsFolder }: { isHeaded: boolean; processes: BrowserProcesses; downloadsFolder: string },
): BrowserSession {
  const ended = Promise.withResolvers<void>();
  const crash = new AbortController();
  let disposal: Promise<void> | undefined;
  let left: ActivePage | undefined;
  let prepared: { readonly options: PageOptions; readonly page: Promise<ActivePage | undefined> } | undefined;
  browser.once("disconnected", () => {
    if (disposal === undefined) crash.abort(new Fault("BROWSER_CRASHED"));
    // What cannot be ended here is the warden's to end.
    void processes
      .end()
      .catch(() => {})
      .finally(ended.resolve);
  });
  return {
    chromium: browser,
    version: `Chromium ${browser.version()}`,
    isHeaded,
    closed: ended.promise,
    crashed: crash.signal,
    prepare(options, ready = async () => {}) {
      prepared = { options, page: openReady(options, ready).catch(() => undefined) };
    },
    async openPage(options) {
      const waiting = prepared;
      prepared = undefined;
      if (waiting !== undefined && isDeepStrictEqual(asGiven(waiting.options), asGiven(options))) {
        const page = await waiting.page;
        if (page?.isOpen) return page;
      } else void waiting?.page.then((page) => page?.[Symbol.asyncDispose]()).catch(() => {});
      return await open(options);
    },
    leavePage(page) {
      left = page;
    },
    get hasLeftPage() {
      return left?.isOpen === true && disposal === undefined && !crash.signal.aborted;
    },
    takeLeftPage() {
      const page = left;
      left = undefined;
      if (page === undefined) throw new Fault("SANDBOX_LOST", { message: "There is no page that the run before left." });
      return page;
    },
    [Symbol.asyncDispose]() {
      disposal ??= closeOrKill();
      return disposal;
    },
  };

  async function open(options: PageOptions): Promise<ActivePage> {
    const context = await browser.newContext({
      viewport: { width: options.width, height: options.height },
      ...(options.locale && { locale: options.locale }),
      ...(options.timezone && { timezoneId: options.timezone }),
      ...(options.colorScheme && { colorScheme: options.colorScheme }),
      ...(options.extraHttpHeaders && { extraHTTPHeaders: { ...options.extraHttpHeaders } }),
      ...(options.state && { storageState: options.state }),
    });
    return await ActivePage.open(context, {
      downloadsFolder,
      onCrash: () => crash.abort(new Fault("BROWSER_CRASHED", { message: "A page of the browser crashed." })),
    });
  }

  async function openReady(options: PageOptions, ready: (page: ActivePage) => Promise<unknown>): Promise<ActivePage> {
    await using undo = new AsyncDisposableStack();
    const page = undo.use(await open(options));
    await ready(page);
    undo.move();
    return page;
  }

  async function closeOrKill(): Promise<void> {
    // One that hangs does not close.
    await abortable(browser.close(), AbortSignal.timeout(closeTimeoutMs)).catch(() => processes.end().catch(() => {}));
    await abortable(ended.promise, AbortSignal.timeout(killTimeoutMs)).catch(() => {});
  }
}

/** The options but for what is empty: that is as if it were not there. */
function asGiven(options: PageOptions): object {
  const isEmpty = (value: unknown) => !value || (typeof value === "object" && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => !isEmpty(value)));
}
