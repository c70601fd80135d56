import { Fault } from "@clew/fault/fault";
import { CaptchaDetected } from "@clew/proto/grpc/clew/run/v1/run_event";
import { delay } from "@clew/streams/delay";
import { parseBrowserState, putBrowserState } from "../authentication/browser-state.ts";
import { publicAddress } from "../browser/address.ts";
import { lookAtPage, type PageLook } from "../observation/look-at-page.ts";
import type { StepContext } from "../playbook/step-context.ts";
import type { Captcha } from "./look-for-captcha.ts";

/** What facing a challenge needs. */
export type CaptchaContext = Pick<StepContext, "active" | "report" | "redact" | "person" | "isHeaded" | "signal" | "stopping"> & {
  readonly recordings: Pick<StepContext["recordings"], "picture">;
  /** Opens an address, as an action in the journal. */
  readonly reopen: (url: string) => Promise<void>;
};

/** How long a challenge may take to go away by itself, and how often it is looked at; milliseconds. */
export interface CaptchaWaits {
  /** Cloudflare's page, which lets most browsers through after a while. */
  readonly pageMs: number;
  readonly widgetMs: number;
  /** How long a page that is still coming is looked at until it counts as one without a challenge. */
  readonly unknownMs: number;
  readonly pollMs: number;
}

const usualWaits: CaptchaWaits = { pageMs: 30_000, widgetMs: 5_000, unknownMs: 10_000, pollMs: 500 };

/**
 * Waits for a challenge that was seen on the active page to go away by itself, says what came of it, and asks a person where it stands in the way and
 * stays. Nothing is ever clicked.
 *
 * @throws Fault CAPTCHA_FAILED, which no retry mends, where nobody solves it; the signal's reason.
 */
export async function faceCaptcha(seen: PageLook["captcha"], context: CaptchaContext, waits: CaptchaWaits = usualWaits): Promise<void> {
  const { active, report, redact } = context;
  const known = seen === "unknown" ? await awaitKnown(context, waits) : seen;
  if (known === "none") return;
  const url = publicAddress(redact(active.url));
  const startedAt = performance.now();
  const left = await stays(known, context, waits, known.kind === "cloudflare" ? waits.pageMs : waits.widgetMs);
  const waitMs = Math.round(performance.now() - startedAt);
  const value = CaptchaDetected.fromPartial({ kind: known.kind, url, resolved: left === undefined, waitMs });
  const end = left === undefined ? `went away after ${waitMs} ms` : `is still there after ${waitMs} ms`;
  await report.say({ summary: `A challenge (${known.kind}) on ${url} ${end}`, payload: { $case: "captchaDetected", value } });
  if (!left?.isBlocking) return;
  await askToSolve(left, url, context);
  const unsolved = await stays(left, context, waits, waits.widgetMs);
  if (unsolved?.isBlocking) throw failed(unsolved, url, "it is still there after a person was asked");
}

/** Looks at a page that is still coming until it can be judged. */
async function awaitKnown({ active, signal, stopping }: CaptchaContext, { unknownMs, pollMs }: CaptchaWaits): Promise<Captcha | "none"> {
  const deadline = performance.now() + unknownMs;
  while (performance.now() < deadline) {
    stopping.throwIfAborted();
    await delay(pollMs, { signal });
    const { captcha } = await lookAtPage(await active.settled(signal), signal);
    if (captcha !== "unknown") return captcha;
  }
  return "none";
}

/** Looks until the challenge is gone or the time is over; answers what is left. A page that replaced it is looked at like any other. */
async function stays(
  seen: Captcha,
  { active, signal, stopping }: CaptchaContext,
  { pollMs }: CaptchaWaits,
  limitMs: number,
): Promise<Captcha | undefined> {
  const deadline = performance.now() + limitMs;
  let left = seen;
  for (;;) {
    const { captcha: now } = await lookAtPage(await active.settled(signal), signal);
    if (now === "none") return undefined;
    if (now !== "unknown") left = now;
    if (performance.now() >= deadline) return left;
    stopping.throwIfAborted();
    await delay(pollMs, { signal });
  }
}

async function askToSolve({ kind }: Captcha, url: string, context: CaptchaContext): Promise<void> {
  const { active, person, recordings, isHeaded, signal } = context;
  const how = isHeaded ? "Solve it in the browser's window, then approve" : "Solve it in a browser of your own and answer with its state";
  const screenshot = await recordings.picture("captcha.jpg", signal);
  const answer = await person.ask(
    {
      kind: isHeaded ? "TAKE_OVER" : "BROWSER_STATE",
      prompt: `The page at ${url} asks whether a person is there (${kind}). ${how}.`,
      ...(screenshot && { screenshot }),
    },
    signal,
  );
  if (answer === "nobody") throw failed({ kind }, url, "nobody was there to solve it");
  if (answer === "expired") throw failed({ kind }, url, "nobody solved it in time");
  if (answer.answer === "deny") throw failed({ kind }, url, "a person declined to solve it");
  if (answer.answer === "approve") return;
  const state = parseBrowserState(answer.answer);
  if (state === undefined) throw failed({ kind }, url, "what was answered is no browser state");
  if (active.wasPosted) {
    throw failed({ kind }, url, "it answers what was sent before, which is not sent again, so the answered state cannot be tried");
  }
  await putBrowserState(active.context, state, signal);
  await context.reopen(active.url);
}

function failed({ kind }: Pick<Captcha, "kind">, url: string, why: string): Fault {
  const message = `The page at ${url} asks whether a person is there (${kind}), and ${why}.`;
  return new Fault("CAPTCHA_FAILED", { message, details: { kind } });
}
