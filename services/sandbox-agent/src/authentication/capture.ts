import { Fault } from "@clew/fault/fault";
import { bindStep } from "@clew/playbook/bind-step";
import type { Playbook } from "@clew/playbook/playbook-schema";
import { delay } from "@clew/streams/delay";
import { timeouts } from "../actions/timeouts.ts";
import { within } from "../actions/within.ts";
import type { Findings, StepContext } from "../playbook/step-context.ts";

type Capture = NonNullable<Playbook["capture"]>;

const pollMs = 250;

/**
 * Keeps what the playbook wants of the login: cookies and stored values by name, for the steps to use, and the headers of API requests to the origin of
 * the page that is open.
 * What is kept is a secret from then on. Values that the page is only about to set are waited for, 5 s at most.
 *
 * @throws Fault AUTHENTICATION_FAILED, naming all that is missing.
 */
export async function captureLogin(capture: Capture | undefined, findings: Findings, context: StepContext): Promise<void> {
  if (capture === undefined) return;
  const deadline = performance.now() + timeouts.action;
  for (;;) {
    const { found, missing } = await look(bound(capture, findings), context);
    if (missing.length === 0) {
      context.secrets.add(found.values());
      for (const [name, value] of found) findings.values.set(name, value);
      break;
    }
    if (performance.now() >= deadline) {
      throw new Fault("AUTHENTICATION_FAILED", { message: `The login left nothing to capture: ${missing.join("; ")}.` });
    }
    await delay(pollMs, { signal: context.stopping });
  }
  const headers = bound({ ...capture, cookies: [], storage: [] }, findings).static_headers;
  const origin = URL.parse(context.active.url)?.origin;
  if (origin !== undefined) context.requestHeaders.set(origin, headers);
}

async function look({ cookies, storage }: Capture, { active, signal }: StepContext) {
  const found = new Map<string, string>();
  const missing: string[] = [];
  const page = await active.settled(signal);
  const there = await within(active.context.cookies(), timeouts.action, signal);
  for (const { name, store_as: as, domain } of cookies) {
    const matching = there.filter((cookie) => cookie.name === name && (domain === undefined || isWithin(cookie.domain, domain)));
    const [first, ...others] = new Set(matching.map(({ value }) => value));
    const where = domain === undefined ? "" : ` of ${domain}`;
    if (first === undefined) missing.push(`there is no cookie '${name}'${where}`);
    else if (others.length > 0) missing.push(`there are several cookies '${name}'${where}; give its domain`);
    else found.set(as, first);
  }
  for (const { key, store_as: as, scope } of storage) {
    const value = await within(page.evaluate(readStorage, { key, scope }), timeouts.action, signal).catch(() => null);
    signal.throwIfAborted();
    if (value === null) missing.push(`there is no '${key}' in the ${scope} storage of the page`);
    else found.set(as, value);
  }
  return { found, missing };
}

/** Runs in the page. */
function readStorage({ key, scope }: { key: string; scope: "local" | "session" }): string | null {
  return (scope === "local" ? localStorage : sessionStorage).getItem(key);
}

/** Whether a cookie's domain is a domain or lies in it; `example.com` is not in `ample.com`. */
function isWithin(cookieDomain: string, domain: string): boolean {
  const bare = (text: string) => text.toLowerCase().replace(/^\./, "");
  return `.${bare(cookieDomain)}`.endsWith(`.${bare(domain)}`);
}

/** Puts values where placeholders are; those of the headers are known last. */
function bound(capture: Capture, { values }: Findings): Capture {
  const later = new Set([...capture.cookies, ...capture.storage].map(({ store_as: name }) => name));
  const result = bindStep(capture, values, later);
  if ("step" in result) return result.step;
  const [problem] = result.problems;
  throw new Fault("AUTHENTICATION_FAILED", { message: `capture.${problem?.field}: ${problem?.message}` });
}
