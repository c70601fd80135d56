import type { Dialog, Page } from "playwright";
import type { Notices } from "./notices.ts";

/** How a dialog is answered. */
export interface DialogAnswer {
  readonly accept: boolean;
  /** What is typed into a prompt. */
  readonly text?: string | undefined;
}

/** The most characters that are told of what a dialog says. */
const saidChars = 200;

/** More dialogs of one page than this within the time, in milliseconds, and it is closed: nobody could use it. */
const stormDialogs = 50;
const stormMs = 10_000;

/**
 * Answers the dialogs of all pages at once, since a page with an open one does nothing else. Alerts are accepted and all others dismissed, but the next
 * one as it was told. What they said is noted.
 */
export class Dialogs {
  readonly #notices: Notices;
  readonly #recent = new WeakMap<Page, number[]>();
  #next: DialogAnswer | undefined;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** Has the next dialog, of whatever kind, answered so. */
  answerNext(answer: DialogAnswer): void {
    this.#next = answer;
  }

  /** Answers a dialog that has just opened. */
  answer(dialog: Dialog): void {
    const told = this.#next;
    this.#next = undefined;
    const accept = told?.accept ?? dialog.type() === "alert";
    const [type, message] = [dialog.type(), dialog.message()];
    this.#notices.add((redact) => {
      const said = redact(message);
      const words = type === "beforeunload" ? "the page asked before it was left" : `${kinds[type] ?? "a dialog"} said '${cut(said)}'`;
      return `${words} and was ${accept ? "accepted" : "dismissed"}`;
    });
    // It may be gone with its page.
    void (accept ? dialog.accept(told?.text) : dialog.dismiss()).catch(() => {});
    const page = dialog.page();
    if (page !== null && this.#isStorm(page)) {
      this.#notices.add(() => `the page showed more than ${stormDialogs} dialogs and was closed`);
      void page.close().catch(() => {});
    }
  }

  #isStorm(page: Page): boolean {
    const now = performance.now();
    const recent = [...(this.#recent.get(page) ?? []), now].filter((at) => at > now - stormMs);
    this.#recent.set(page, recent);
    return recent.length === stormDialogs + 1;
  }
}

const kinds: Readonly<Record<string, string>> = { alert: "an alert", confirm: "a confirmation", prompt: "a prompt" };

function cut(text: string): string {
  return text.length > saidChars ? `${text.slice(0, saidChars - 1)}…` : text;
}
