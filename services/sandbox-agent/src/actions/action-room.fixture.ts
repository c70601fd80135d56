import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { type ActingStep, stepSchema } from "@clew/playbook/schema/step";
import type { ActivePage } from "../browser/active-page.ts";
import { chromiumPath } from "../browser/bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "../browser/browser-session.ts";
import { LastLooks } from "../browser/last-looks.ts";
import { RunFiles } from "../recording/run-files.ts";
import type { ActionContext, ActionResult, ReadyAction } from "./action.ts";
import { prepareAction } from "./prepare-action.ts";

/** A secret that no result and no error may show. */
export const roomSecret = "hunter2-hunter2";

/** Another one, which is no credential: a login or a person brought it. */
export const loginSecret = "session-of-ariadne";

/** A page of its own to act on, in the browser of a test file; disposing it closes the page. */
export interface ActionDesk extends AsyncDisposable {
  readonly active: ActivePage;
  readonly context: ActionContext;
  /** Prepares an action as a playbook writes it, and does it. */
  act(step: object, signal?: AbortSignal): Promise<ActionResult>;
  /** Only finds what it acts on. */
  prepare(step: object): Promise<ReadyAction>;
}

/** A browser for the tests of one file; disposing it removes its folder too. */
export class ActionRoom implements AsyncDisposable {
  readonly folder: string;
  readonly #browser: BrowserSession;

  private constructor(folder: string, browser: BrowserSession) {
    this.folder = folder;
    this.#browser = browser;
  }

  static async open(): Promise<ActionRoom> {
    const folder = await mkdtemp(join(tmpdir(), "clew-actions-"));
    const browser = await launchBrowser({
      executablePath: chromiumPath,
      headless: true,
      sandbox: process.getuid?.() !== 0,
      workFolder: folder,
      sandboxId: basename(folder),
    });
    await mkdir(join(folder, "inputs"));
    return new ActionRoom(folder, browser);
  }

  /** Opens a page in a context of its own, with some HTML in it; what is given counts over what actions work with otherwise. */
  async desk(html = "", given: Partial<ActionContext> = {}): Promise<ActionDesk> {
    const active = await this.#browser.openPage({ width: 1000, height: 700 });
    if (html !== "") await active.page.setContent(html);
    const secrets = new KnownSecrets([roomSecret, loginSecret]);
    const { redact } = secrets;
    const context: ActionContext = {
      active,
      report: { say: async () => {} },
      files: await RunFiles.open(join(this.folder, "files"), 1, redact),
      inputsFolder: join(this.folder, "inputs"),
      signal: new AbortController().signal,
      looks: new LastLooks(),
      credentials: { password: roomSecret },
      secrets,
      redact,
      checks: { guard: { admit: async () => undefined, follow: async () => undefined }, whyUnreached: async () => undefined },
      requestHeaders: new Map(),
      ...given,
    };
    const prepare = (step: object, signal = context.signal) => prepareAction(parse(step), { ...context, signal });
    return {
      active,
      context,
      prepare: async (step) => await prepare(step),
      act: async (step, signal) => (await prepare(step, signal))(),
      [Symbol.asyncDispose]: () => active[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function parse(step: object): ActingStep {
  const parsed = stepSchema.parse(step);
  if (parsed.action === "if" || parsed.action === "for_each" || parsed.action === "call") throw new Error("Not an action.");
  return parsed;
}
