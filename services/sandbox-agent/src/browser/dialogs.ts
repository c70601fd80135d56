import { abortable } from "@clew/streams/abortable";
import type { Dialog, Page } from "playwright";
import { cut } from "../actions/cut.ts";
import type { Notices } from "./notices.ts";

/** How a dialog is answered. */
export interface DialogAnswer {
  readonly accept: boolean;
  /** What is typed into a prompt. */
  readonly text?: string | undefined;
  /** Whether a page of this address may be told so; every one unless given. */
  readonly mayTell?: ((pageUrl: string) => boolean) | undefined;
}

/** The most characters that are told of what a dialog says. */
const saidChars = 200;

/** How long a dialog that was told of may come after the action that is to open it, in milliseconds. */
const awaitedMs = 1_000;

/** An answer that is to be given, until an action has had its chance to ask for it. */
class ToldAnswer {
  readonly answer: DialogAnswer;
  readonly #given = Promise.withResolvers<void>();
  isGiven = false;

  constructor(answer: DialogAnswer) {
    this.answer = answer;
  }

  /** Resolves once it was given. */
  get given(): Promise<void> {
    return this.#given.promise;
  }

  give(): DialogAnswer {
    this.isGiven = true;
    this.#given.resolve();
    return this.answer;
  }
}

/** More dialogs of one page than this within the time, in milliseconds, and it is closed: nobody could use it. */
const stormDialogs = 50;
const stormMs = 10_000;

/**
 * Answers the dialogs of all pages at once, since a page with an open one does nothing else. Alerts are accepted and all others dismissed, but the one
 * the next action opens as it was told. What they said is noted.
 */
export class Dialogs {
  readonly #notices: Notices;
  readonly #recent = new WeakMap<Page, number[]>();
  #told: ToldAnswer | undefined;
  #mayAccept: (message: string) => boolean = () => true;
  #answered = 0;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** Has the confirmation or prompt that the next action opens answered so, and whether a page is left. */
  answerNext(answer: DialogAnswer): void {
    this.#told = new ToldAnswer(answer);
  }

  /** Until the answer is disposed, what says something else than may be accepted is dismissed, whatever was told. */
  confine(mayAccept: (message: string) => boolean): Disposable {
    const before = this.#mayAccept;
    this.#mayAccept = mayAccept;
    return {
      [Symbol.dispose]: () => {
        this.#mayAccept = before;
      },
    };
  }

  /** How many dialogs were answered so far. */
  get answered(): number {
    return this.#answered;
  }

  /** What was told and not used up. */
  get told(): ToldAnswer | undefined {
    return this.#told;
  }

  /** Waits a second for the dialog, then takes the answer back, and notes it where none came. */
  async expire(told: ToldAnswer, signal: AbortSignal): Promise<void> {
    await abortable(abortable(told.given, AbortSignal.timeout(awaitedMs)), signal).catch(() => {});
    this.takeBack(told);
  }

  /** Takes an answer back that was not used up. */
  takeBack(told: ToldAnswer): void {
    if (this.#told !== told) return;
    this.#told = undefined;
    if (!told.isGiven) this.#notices.add(() => "no dialog came, and the answer for one counts no longer");
  }

  /** Forgets what was told and not used up: what comes is another run's. */
  forget(): void {
    this.#told = undefined;
  }

  /** Answers a dialog that has just opened. */
  answer(dialog: Dialog): void {
    this.#answered += 1;
    const [type, message] = [dialog.type(), dialog.message()];
    const answer: DialogAnswer | undefined = type === "alert" ? { accept: true } : this.#answerFor(type);
    const mayTell = answer?.mayTell?.(dialog.page()?.url() ?? "") ?? true;
    const accept = answer?.accept === true && mayTell && (type === "alert" || type === "beforeunload" || this.#mayAccept(message));
    this.#notices.add((redact) => {
      const said = redact(message);
      const words =
        type === "beforeunload" ? "the page asked before it was left" : `${kinds[type] ?? "a dialog"} said '${cut(said, saidChars)}'`;
      return `${words} and was ${accept ? "accepted" : "dismissed"}${mayTell ? "" : ": the answer holds a credential that is not for its page"}`;
    });
    // It may be gone with its page.
    void (accept ? dialog.accept(answer?.text) : dialog.dismiss()).catch(() => {});
    const page = dialog.page();
    if (page !== null && this.#isStorm(page)) {
      this.#notices.addFirst(() => `the page showed more than ${stormDialogs} dialogs and was closed`);
      void page.close().catch(() => {});
    }
  }

  /** Answers what was told, which a page that is left does not use up: whatever else it asks is still to come. */
  #answerFor(type: string): DialogAnswer | undefined {
    const told = this.#told;
    if (type !== "beforeunload") this.#told = undefined;
    return told?.give();
  }

  #isStorm(page: Page): boolean {
    const now = performance.now();
    const recent = [...(this.#recent.get(page) ?? []), now].filter((at) => at > now - stormMs);
    this.#recent.set(page, recent);
    return recent.length === stormDialogs + 1;
  }
}

const kinds: Readonly<Record<string, string>> = { alert: "an alert", confirm: "a confirmation", prompt: "a prompt" };
