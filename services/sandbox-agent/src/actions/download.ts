import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Download, Page } from "playwright";
import { publicAddress } from "../browser/address.ts";
import type { ActionContext, PrepareAction } from "./action.ts";
import { type FoundElement, findElement } from "./find-element.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { isTargetGone } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** A file's name in the run, and the address it came from. */
interface Kept {
  readonly name: string;
  readonly from: string;
}

/** Keeps a file that a click begins to download, or that an address answers with, once it is whole. */
export const download: PrepareAction<StepOf<"download">> = async (step, context) => {
  const { url, timeout_ms: timeout = timeouts.download } = step.params;
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  if (element !== undefined) context.checkClick?.(element.labels);
  const words = element === undefined ? publicAddress(context.redact(url ?? "")) : `what ${element.words} offers`;
  return async () => {
    const { name, from } = await inTime(words, timeout, context, (options) =>
      element === undefined
        ? fetchFile(url ?? "", step.params.name, context, options)
        : takeOffered(element, step.params.name, context, options),
    );
    const { sizeBytes, sha256 } = await context.files.describe({ name, kind: Artifact_Kind.DOWNLOAD, contentType: "" });
    const source = element === undefined ? words : `${words} (${publicAddress(context.redact(from))})`;
    return {
      did: `Downloaded ${source} as ${name} (${sizeBytes} bytes, sha256 ${sha256})`,
      found: name,
      value: { name, sizeBytes, sha256 },
    };
  };
};

/** Has all of it end when the time is over. */
async function inTime(words: string, timeout: number, context: ActionContext, act: (options: CallOptions) => Promise<Kept>): Promise<Kept> {
  using link = linkSignals(context.signal);
  const late = new Fault("ACTION_TIMED_OUT", { message: `The download of ${words} was not whole within ${timeout / 1_000} s.` });
  const timer = setTimeout(() => link.abort(late), timeout);
  try {
    return await inBrowser(`The download of ${words}`, timeout, { ...context, signal: link.signal }, act);
  } finally {
    clearTimeout(timer);
  }
}

async function takeOffered(
  { locator, page }: FoundElement,
  name: string | undefined,
  { active, files, redact }: ActionContext,
  options: CallOptions,
): Promise<Kept> {
  // What begins while the element cannot be clicked yet is not what it offers.
  await locator.click({ trial: true, ...options });
  const offered = await active.downloads.next(page, () => locator.click(options), redact, options.signal);
  return { name: await active.downloads.keep(offered, files, options.signal, name), from: offered.url() };
}

/** Opens the address in a page of its own, so that the one that is acted on stays as it is. Whatever it answers with is a download there. */
async function fetchFile(
  url: string,
  name: string | undefined,
  { active, files, redact }: ActionContext,
  options: CallOptions,
): Promise<Kept> {
  const page = await active.openAside();
  try {
    await attachAnswers(page);
    const offered = new Promise<Download>((resolve) => page.once("download", resolve));
    const opened = page.goto(url, { waitUntil: "commit", ...options }).catch((thrown: unknown) => {
      // The download has begun then; the browser may close a page that it was the first of.
      if (thrown instanceof Error && (thrown.message.includes("Download is starting") || isTargetGone(thrown))) return offered;
      throw thrown;
    });
    const came = await abortable(Promise.race([offered, opened]), options.signal);
    if (came !== null && "suggestedFilename" in came)
      return { name: await active.downloads.keep(came, files, options.signal, name), from: url };
    const answer = came === null ? "nothing" : `status ${came.status()}`;
    throw new Fault("ACTION_FAILED", { message: `${publicAddress(redact(url))} answered with ${answer}, and no file.` });
  } finally {
    void page.close().catch(() => {});
  }
}

/** Has a page keep what it would show: the browser streams it to disk then, and shows no viewer in its place. */
async function attachAnswers(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  session.on("Fetch.requestPaused", ({ requestId, responseStatusCode: status = 0, responseHeaders = [] }) => {
    const disposition = responseHeaders.find(({ name }) => /^content-disposition$/i.test(name))?.value ?? "inline";
    const value = disposition.replace(/^\s*inline/i, "attachment");
    const others = responseHeaders.filter(({ name }) => !/^content-disposition$/i.test(name));
    const changed = { responseCode: status, responseHeaders: [...others, { name: "Content-Disposition", value }] };
    const isFile = status >= 200 && status < 300;
    void session.send("Fetch.continueResponse", { requestId, ...(isFile && changed) }).catch(() => {});
  });
  await session.send("Fetch.enable", { patterns: [{ requestStage: "Response", resourceType: "Document" }] });
}
