/** What bounds what is remembered, in entries and characters. */
const mostEntries = 50;
const entryChars = 300;
const mostPages = 30;
const pageChars = 150;

/** What was done and seen so far, in few words: for a model whose earlier turns were dropped, and for the outcome. */
export class Progress {
  readonly #entries: string[] = [];
  readonly #pages = new Set<string>();
  #count = 0;

  /** Notes what was done, and what came of it, or what the model wrote for itself. */
  note(did: string): void {
    this.#entries.push(`${++this.#count}. ${cut(did.replaceAll(/\s+/g, " "), entryChars)}`);
    if (this.#entries.length > mostEntries) this.#entries.shift();
  }

  /** Notes a page that was seen. */
  visit(url: string): void {
    this.#pages.delete(url);
    this.#pages.add(url);
    const [oldest] = this.#pages;
    if (this.#pages.size > mostPages && oldest !== undefined) this.#pages.delete(oldest);
  }

  /** All of it, in at most 20,000 characters. */
  get text(): string {
    const pages = [...this.#pages].map((url) => `- ${cut(url, pageChars)}`);
    return [...this.#entries, ...(pages.length > 0 ? ["Pages seen:", ...pages] : [])].join("\n");
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
