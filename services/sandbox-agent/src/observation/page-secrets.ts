import { createRedact, type Redact } from "@clew/playbook/redact";
import { errors, type Frame, type Locator, type Page } from "playwright";
import type { InPageReads } from "./in-page.ts";
import { type ReadOptions, readAll, readOne } from "./reader.ts";

/** What stands in the place of a secret. */
export const mark = "[redacted]";

/** Shorter texts turn up in innocent ones: they are masked in fields only. */
const leastChars = 4;

/** A secret is hardly longer, in characters: so much of what a page was cut at is left out, since half a secret may stand there. */
export const longestSecret = 4_096;

/** Masks what must never be seen of a page: the run's secrets, and what its password fields hold. */
export interface Mask {
  /** For texts and values of any shape. */
  readonly all: Redact;
  /** For markup, where a secret may be written in HTML's way. */
  markup(html: string): string;
  /** For what a field shows: a password is masked however short. */
  field(text: string): string;
}

/** How long a frame within a page may take to answer, in milliseconds: one that hangs is left out. */
const frameMs = 1_000;

/** What the password fields of a page hold. */
export interface PagePasswords {
  readonly values: readonly string[];
  /** Whether there is a frame that did not answer: what it shows cannot be masked. */
  readonly hasSilentFrame: boolean;
}

/** Reads what the password fields of all frames hold. A frame that goes away meanwhile has none; one within the page is waited for a second. */
export async function readPasswords(page: Page, options: ReadOptions): Promise<PagePasswords> {
  const read = async (frame: Frame): Promise<readonly string[] | "silent"> => {
    const isMain = frame === page.mainFrame();
    const timeout = isMain ? options.timeout : Math.min(frameMs, options.timeout);
    try {
      return await readOne(frame.locator(":root"), "passwords", { ...options, timeout, isTraced: false });
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (frame.isDetached()) return [];
      if (!isMain && thrown instanceof errors.TimeoutError) return "silent";
      throw thrown;
    }
  };
  const answers = await Promise.all(page.frames().map(read));
  return { values: answers.flatMap((answer) => (answer === "silent" ? [] : answer)), hasSilentFrame: answers.includes("silent") };
}

/** Reads every element a locator stands for, as `readEach` does, and what masks what was read. A page without frames costs one look. */
export async function readToMask<R extends keyof InPageReads>(
  page: Page,
  locator: Locator,
  read: R,
  { redact, ...options }: ReadOptions & { readonly redact: Redact },
): Promise<{ readonly items: readonly InPageReads[R][]; readonly mask: Mask }> {
  const isAlone = page.frames().length === 1;
  const [{ items, facts }, others] = await Promise.all([
    readAll(locator, [read], ["passwords"], options),
    isAlone ? undefined : readPasswords(page, options),
  ]);
  return { items: items.map(([item]) => item), mask: createMask([...facts.passwords, ...(others?.values ?? [])], redact) };
}

/** Makes what masks the run's secrets and these passwords. */
export function createMask(passwords: readonly string[], redact: Redact): Mask {
  // Pages are read with their white space squeezed.
  const spelled = [...new Set(passwords.flatMap((password) => [password, squeeze(password)]))].filter((password) => password !== "");
  const passwordsOnly = createRedact(spelled.filter(({ length }) => length >= leastChars));
  const all: Redact = (value) => passwordsOnly(redact(value));
  return {
    all,
    markup: (html) => maskMarkup(html, all),
    field: (text) => (spelled.includes(text) || spelled.includes(squeeze(text)) ? mark : all(text)),
  };
}

/** Leaves out the end of a text that a page cut, where half a secret may stand; the text is masked already. */
export function dropBrokenEnd(text: string, wasCut: boolean): string {
  return wasCut ? text.slice(0, -longestSecret) : text;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Masks texts and attributes of serialized markup also where characters are escaped. */
function maskMarkup(html: string, mask: Redact): string {
  const clean = (whole: string, before: string, written: string) => {
    const plain = toPlain(written);
    const masked = mask(plain);
    return masked === plain ? whole : `${before}${toMarkup(masked)}`;
  };
  // What is escaped goes first: masked as it is written, half an escape would be left.
  return mask(html.replace(/(>)([^<>&]*&[^<>]*)/g, clean).replace(/(=")([^"&]*&[^"]*)/g, clean));
}

const characters: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": "\u00a0" };

function toPlain(html: string): string {
  return html.replace(/&(?:amp|lt|gt|quot|nbsp);/g, (written) => characters[written] ?? written);
}

function toMarkup(text: string): string {
  return Object.entries(characters).reduce((html, [written, plain]) => html.replaceAll(plain, written), text);
}
