import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Locator } from "playwright";
import type { PrepareAction } from "./action.ts";
import { type FoundElement, findElement } from "./find-element.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** Gives files of the run to a page: to a field for files, hidden or not, or to whatever asks for them once it is clicked. */
export const upload: PrepareAction<StepOf<"upload">> = async (step, context) => {
  const { files, timeout_ms: timeout = timeouts.action } = step.params;
  const paths = await givenFiles(files, context.inputsFolder);
  const element = await findElement(step.selector, context, { counted: orFileField });
  const { locator, words } = element;
  const isField = await inBrowser(`Looking at ${words}`, timeout, context, (options) => locator.evaluate(holdsFiles, undefined, options));
  if (!isField) context.checkClick?.(element.labels);
  return async () => {
    await inBrowser(`Giving files to ${words}`, timeout, context, async (options) => {
      if (isField) await locator.setInputFiles(paths, options);
      else await chooseFiles(element, paths, options);
    });
    return { did: `Gave ${files.map((name) => `'${name}'`).join(", ")} to ${words}` };
  };
};

/** Fields for files are hidden behind prettier buttons more often than not. */
function orFileField(matches: Locator): Locator {
  return matches.filter({ visible: true }).or(matches.and(matches.page().locator("input[type=file]")));
}

async function chooseFiles({ page, locator, words }: FoundElement, paths: string[], options: CallOptions): Promise<void> {
  const asking = page.waitForEvent("filechooser", options);
  // It is awaited below, unless the click fails before.
  asking.catch(() => {});
  await locator.click(options);
  const chooser = await asking.catch((thrown: unknown) => {
    options.signal.throwIfAborted();
    throw new Fault("ACTION_FAILED", { message: `${words} asked for no files when it was clicked.`, cause: thrown });
  });
  if (paths.length > 1 && !chooser.isMultiple()) throw new Fault("ACTION_FAILED", { message: `${words} takes one file only.` });
  await chooser.setFiles(paths, options);
}

/** The paths of files the run was given, by name. Rejects with FILE_NOT_FOUND, listing those there are. */
async function givenFiles(names: readonly string[], folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const given = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const missing = names.filter((name) => !given.includes(name));
  if (missing.length === 0) return names.map((name) => join(folder, name));
  const has = given.length === 0 ? "it was given none" : `it was given ${given.map((name) => `'${name}'`).join(", ")}`;
  throw new Fault("FILE_NOT_FOUND", { message: `The run was not given ${missing.map((name) => `'${name}'`).join(", ")}: ${has}.` });
}

/** Runs in the page. */
function holdsFiles(element: Element): boolean {
  const field = element instanceof HTMLLabelElement ? element.control : element;
  return field instanceof HTMLInputElement && field.type === "file";
}
