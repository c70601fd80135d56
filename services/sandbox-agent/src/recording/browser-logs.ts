import type { Redact } from "@clew/playbook/redact";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { BrowserContext, ConsoleMessage, Page, Request, WebError } from "playwright";
import { publicAddress } from "../browser/address.ts";
import { LogFile } from "./log-file.ts";
import { recordingLimits } from "./recording-limits.ts";
import type { RunFiles } from "./run-files.ts";

const textChars = 4_000;
const urlChars = 2_000;

/**
 * Writes what pages say on their consoles to `console.ndjson`, and what they ask of the network to `network.ndjson`, as it comes: no bodies, no headers,
 * no queries, no secrets. Disposing it ends both.
 */
export function startBrowserLogs(context: BrowserContext, files: RunFiles, redact: Redact): Disposable {
  const startedAt = performance.now();
  const offsetMs = () => Math.round(performance.now() - startedAt);
  const open = (file: string) => {
    const { name, path } = files.place(file);
    const log = LogFile.open(path, recordingLimits.logBytes);
    files.add({ name, kind: Artifact_Kind.LOG, contentType: "application/x-ndjson" });
    return log;
  };
  const pages = new Map<Page, number>();
  const numberOf = (page: Page | null) => {
    if (page === null) return undefined;
    const number = pages.get(page) ?? pages.size + 1;
    pages.set(page, number);
    return number;
  };
  const address = (url: string) => publicAddress(redact(url)).slice(0, urlChars);
  const text = (whole: string) => redact(whole).slice(0, textChars);

  const consoleLog = open("console.ndjson");
  const networkLog = open("network.ndjson");
  const onConsole = (message: ConsoleMessage) => {
    const { url, line, column } = message.location();
    consoleLog.write({
      offsetMs: offsetMs(),
      page: numberOf(message.page()),
      level: message.type(),
      text: text(message.text()),
      url: address(url),
      line,
      column,
    });
  };
  const onError = (error: WebError) => {
    const thrown: unknown = error.error();
    const said = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    consoleLog.write({ offsetMs: offsetMs(), page: numberOf(error.page()), level: "uncaught", text: text(said) });
  };
  const onRequest = async (request: Request) => {
    const at = offsetMs();
    const response = request.failure() === null ? await request.response().catch(() => null) : null;
    const sizes = response === null ? undefined : await request.sizes().catch(() => undefined);
    const { responseEnd } = request.timing();
    networkLog.write({
      offsetMs: at,
      page: numberOf(pageOf(request)),
      method: request.method(),
      url: address(request.url()),
      type: request.resourceType(),
      status: response?.status(),
      failure: request.failure()?.errorText,
      durationMs: responseEnd < 0 ? undefined : Math.round(responseEnd),
      requestBytes: sizes && sizes.requestHeadersSize + sizes.requestBodySize,
      responseBytes: sizes && sizes.responseHeadersSize + sizes.responseBodySize,
    });
  };
  const onFinished = (request: Request) => void onRequest(request);
  context.on("console", onConsole).on("weberror", onError).on("requestfinished", onFinished).on("requestfailed", onFinished);
  return {
    [Symbol.dispose]() {
      context.off("console", onConsole).off("weberror", onError).off("requestfinished", onFinished).off("requestfailed", onFinished);
      consoleLog[Symbol.dispose]();
      networkLog[Symbol.dispose]();
    },
  };
}

function pageOf(request: Request): Page | null {
  try {
    return request.frame().page();
  } catch {
    // A service worker's, or a popup's first.
    return null;
  }
}
