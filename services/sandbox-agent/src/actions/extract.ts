import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Locator, Page } from "playwright";
import type { FieldValue, InPageReads } from "../observation/in-page.ts";
import { cutMarkdown, toMarkdown } from "../observation/markdown.ts";
import { createMask, dropBrokenEnd, type Mask, mark, readToMask } from "../observation/page-secrets.ts";
import { mostReadChars, type ReadOptions, readEach } from "../observation/reader.ts";
import { shapeTable } from "../observation/shape-table.ts";
import type { ActionContext, ActionResult, JsonValue, PrepareAction } from "./action.ts";
import { type FoundElement, findElement } from "./find-element.ts";
import { findElements } from "./find-elements.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** The most characters taken from a page; more is cut. */
const mostChars = 1_000_000;

/** What markdown makes of the mark. */
const escapedMark = mark.replace("[", "\\[").replace("]", "\\]");

type Mode = StepOf<"extract">["params"]["mode"];

/** What is read, and how. */
interface Target {
  readonly page: Page;
  readonly locator: Locator;
  readonly words: string;
  /** How many elements there are. */
  readonly count: number;
  readonly mode: Mode;
  /** Whether it is the page, not a part of it. */
  readonly isPage: boolean;
  /** Its text, where the look that found it read that too, and what the document's password fields held then. */
  readonly own?: NonNullable<FoundElement<"text">["own"]>;
}

/** Reads an element, the whole page unless the step names one: its text, HTML, markdown, what a field holds, or a table's rows. With `all`, every match. */
export const extract: PrepareAction<StepOf<"extract">> = async (step, context) => {
  const { mode, all, timeout_ms: timeout = timeouts.action } = step.params;
  const target = { mode, ...(await findTarget(step, context)) };
  return () =>
    inBrowser(`Reading ${target.words}`, timeout, context, async (options) => {
      const found = target.count === 0 ? [] : await read(target, context, options);
      return all ? listResult(found, target) : singleResult(found, target);
    });
};

async function findTarget({ selector, params }: StepOf<"extract">, context: ActionContext): Promise<Omit<Target, "mode">> {
  if (selector === undefined || selector.primary.value === "body") {
    const page = await context.active.settled(context.signal);
    return { page, locator: page.locator("body"), words: "the page", count: 1, isPage: true };
  }
  if (!params.all) {
    const found = await findElement(selector, context, params.mode === "text" ? { also: "text", isTraced: true } : {});
    return { ...found, count: 1, isPage: false };
  }
  const found = await findElements(selector, context);
  const name = selector.description === "" ? "" : `: ${selector.description}`;
  return { ...found, words: `${found.count} ${found.count === 1 ? "element" : "elements"}${name}`, isPage: false };
}

/** Reads every element of a target, without secrets. */
async function read(
  { page, locator, mode, isPage, words, own }: Target,
  { redact, signal }: ActionContext,
  options: ReadOptions,
): Promise<JsonValue[]> {
  const ask = <R extends keyof InPageReads>(what: R) => readToMask(page, locator, what, { redact, isTraced: true, ...options });
  const whole = (texts: readonly string[], mask: (text: string) => string) =>
    texts.map((text) => dropBrokenEnd(mask(text), text.length >= mostReadChars));
  switch (mode) {
    case "text": {
      // Other frames have passwords of their own.
      if (own !== undefined && page.frames().length === 1) return whole([own.read], createMask(own.passwords, redact).all);
      const { items, mask } = await ask("text");
      return whole(items, mask.all);
    }
    case "html": {
      const { items, mask } = await ask("html");
      return whole(items, mask.markup);
    }
    case "markdown": {
      const { items, mask } = await ask("shownHtml");
      const converted = await toMarkdown({ parts: whole(items, mask.markup), url: page.url(), onlyArticle: isPage }, signal);
      const plain = converted?.map((text) => text.replaceAll(escapedMark, mark)) ?? (await readEach(locator, "text", options));
      // Only now do texts stand together that markup had kept apart.
      return whole(plain, mask.all);
    }
    case "value": {
      const { items, mask } = await ask("value");
      return items.map((value) => maskValue(value, mask));
    }
    case "table": {
      const { items, mask } = await ask("table");
      return items.map((table) => {
        if (table === null) throw new Fault("ACTION_FAILED", { message: `There is no table in ${words}.` });
        return shapeTable(mask.all(table.rows));
      });
    }
  }
}

function maskValue(value: FieldValue, mask: Mask): JsonValue {
  if (typeof value === "string") return dropBrokenEnd(mask.field(value), value.length >= mostReadChars);
  return typeof value === "object" ? mask.all(value) : value;
}

function singleResult(found: readonly JsonValue[], { words, mode }: Target): ActionResult {
  const [only, second] = found;
  if (only === undefined || second !== undefined) throw new Fault("SELECTOR_AMBIGUOUS");
  if (only === null) throw new Fault("ACTION_FAILED", { message: `${words} is no field: it holds no value.` });
  if (typeof only === "string") {
    const text = mode === "markdown" ? cutMarkdown(only, mostChars) : only.slice(0, mostChars);
    return { did: `Read ${words}`, found: text };
  }
  if (mode !== "table" || !Array.isArray(only)) return { did: `Read ${words}`, found: JSON.stringify(only), value: only };
  const rows = firstOf(only);
  return { did: `Read ${ofAll(rows.length, only.length)} rows of ${words}`, found: JSON.stringify(rows), value: rows };
}

function listResult(found: readonly JsonValue[], { words, count }: Target): ActionResult {
  const list = firstOf(found);
  const cut = list.length < count ? `the first ${list.length} of ` : "";
  return { did: `Read ${cut}${words}`, found: JSON.stringify(list), value: list };
}

/** As many entries, from the first on, as fit. */
function firstOf(list: readonly JsonValue[]): readonly JsonValue[] {
  let chars = 0;
  const end = list.findIndex((entry) => {
    chars += JSON.stringify(entry).length + 1;
    return chars > mostChars;
  });
  return end < 0 ? list : list.slice(0, end);
}

function ofAll(shown: number, all: number): string {
  return shown === all ? String(all) : `${shown} of ${all}`;
}
