import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import type { CDPSession, Page } from "playwright";

/** What a script in a page works with. */
export interface ScriptOptions {
  /** The body of an async function. */
  readonly script: string;
  /** What it finds in the variable `args`. */
  readonly args: Readonly<Record<string, string>>;
  /** The most characters of JSON it may answer. */
  readonly mostChars: number;
  /** How long it may run, in milliseconds, and what ends it. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** What a script answered, as JSON; cut where it is longer than was asked for. Absent where the page went away under it. */
export type ScriptAnswer = { readonly json: string; readonly chars: number } | undefined;

/** How long a script that is ended may take to end. */
const endMs = 1_000;

/**
 * Runs a script in a page's own world, whatever the page's Content-Security-Policy says. It is ended when its time is over or the signal aborts, even
 * in a loop without end. Rejects with ACTION_TIMED_OUT, with the signal's reason, or with ACTION_FAILED and what the script threw, secrets and all.
 */
export async function runScript(page: Page, { script, args, mostChars, timeout, signal }: ScriptOptions): Promise<ScriptAnswer> {
  using link = linkSignals(signal);
  const timer = setTimeout(
    () => link.abort(new Fault("ACTION_TIMED_OUT", { message: `The script did not end within ${timeout / 1_000} s.` })),
    timeout,
  );
  const session = await abortable(page.context().newCDPSession(page), link.signal);
  try {
    return await abortable(evaluate(session, expressionOf(script, args, mostChars)), link.signal);
  } finally {
    clearTimeout(timer);
    if (link.signal.aborted) await abortable(session.send("Runtime.terminateExecution"), AbortSignal.timeout(endMs)).catch(() => {});
    session.detach().catch(() => {});
  }
}

async function evaluate(session: CDPSession, expression: string): Promise<ScriptAnswer> {
  const answer = await session
    .send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true })
    .catch((thrown: unknown) => {
      if (isPageGone(thrown)) return undefined;
      throw thrown;
    });
  if (answer === undefined) return undefined;
  if (answer.exceptionDetails !== undefined) {
    const { exception, text } = answer.exceptionDetails;
    throw new Fault("ACTION_FAILED", {
      message: (exception?.description ?? String(exception?.value ?? text)).split("\n    at ", 1)[0] ?? text,
    });
  }
  const [json, chars]: unknown[] = Array.isArray(answer.result.value) ? answer.result.value : [];
  return { json: typeof json === "string" ? json : "null", chars: typeof chars === "number" ? chars : 0 };
}

/** The script and what it answers are the page's; only the cutting is ours, and a page that meddles with it harms its own answer. */
function expressionOf(script: string, args: Readonly<Record<string, string>>, mostChars: number): string {
  return `(async () => {
    const value = await (async (args) => {\n${script}\n})(${JSON.stringify(args)});
    const json = JSON.stringify(value) ?? "null";
    return [json.slice(0, ${mostChars}), json.length];
  })()`;
}

function isPageGone(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /context was destroyed|target navigated or closed|Cannot find context|Promise was collected/.test(thrown.message)
  );
}
