import type { Page } from "playwright";
import type { TabSwitch } from "../interaction.ts";

/** The tabs of a recording and the one that is acted on: as a run keeps them, for which a new tab is the current one, and after it the one before. */
export class Tabs {
  /** Every tab there was, in the order they were opened. */
  readonly #numbers = new Map<Page, number>();
  /** Those that are open, in the same order. */
  #open: readonly Page[] = [];
  /** Those that are open, the one used last at the end. */
  #recent: readonly Page[] = [];

  /** How many are open. */
  get count(): number {
    return this.#open.length;
  }

  isCurrent(page: Page): boolean {
    return this.#recent.at(-1) === page;
  }

  open(page: Page): void {
    this.#numbers.set(page, this.#numbers.size);
    this.#open = [...this.#open, page];
    this.#recent = [...this.#recent, page];
  }

  close(page: Page): void {
    this.#open = this.#open.filter((other) => other !== page);
    this.#recent = this.#recent.filter((other) => other !== page);
  }

  /** Makes a tab the current one; answers how, undefined where it was. */
  use(page: Page): TabSwitch | undefined {
    const before = this.#recent.at(-1);
    if (before === page || before === undefined || !this.#open.includes(page)) return undefined;
    this.#recent = [...this.#recent.filter((other) => other !== page), page];
    const number = (of: Page) => this.#numbers.get(of) ?? 0;
    return { kind: "switch_tab", from: number(before), to: number(page), which: this.#tell(page) };
  }

  #tell(page: Page): TabSwitch["which"] {
    if (this.#open.length === 2) return {};
    const path = URL.parse(page.url())?.pathname ?? "";
    const isAlone = path.length > 1 && this.#open.filter((other) => other.url().includes(path)).length === 1;
    return isAlone ? { path } : { index: this.#open.indexOf(page) };
  }
}
