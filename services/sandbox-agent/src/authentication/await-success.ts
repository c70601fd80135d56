import { Fault } from "@clew/fault/fault";
import type { PlaybookAuthentication } from "@clew/playbook/schema/authentication";
import { delay } from "@clew/streams/delay";
import { unansweredFault } from "../person/ask-person.ts";
import type { LoginContext } from "./login-context.ts";
import { findCodeField, findUserField, sendCode } from "./login-form.ts";
import { errorWordsOn, isAt, lacksSuccess, showsPasswordBox, signsOfLoggedOut } from "./success.ts";

const pollMs = 250;
const usualMs = 15_000;
const mostCodes = 3;

/** Milliseconds a saved login has to show itself. */
const savedMs = 2_000;

/** Milliseconds a page may say that the login failed until it is believed. */
const refusedMs = 2_000;

/** Looks whether the browser is logged in already, for a while where it began with a saved login. */
export async function isLoggedIn(auth: PlaybookAuthentication, context: LoginContext): Promise<boolean> {
  const deadline = performance.now() + (context.login.mayHold ? savedMs : 0);
  for (let held = 0; ; ) {
    const isOut = (await findMissing(auth, context)).length > 0 || (await asksToLogIn(auth, context));
    held = isOut ? 0 : held + 1;
    if (held >= looksWanted(auth)) return true;
    if (held === 0 && performance.now() >= deadline) return false;
    await delay(pollMs, { signal: context.stopping });
  }
}

/** The criteria may hold on the login page too, such as for an address that tells where to go next; a saved login speaks for itself where no password is asked for. */
async function asksToLogIn({ mode, login_url: loginUrl = "" }: PlaybookAuthentication, context: LoginContext): Promise<boolean> {
  const { active, login, signal } = context;
  if (await showsPasswordBox(active.page, signal)) return true;
  if (login.mayHold) return false;
  return (mode === "form_login" && isAt(active.url, loginUrl)) || (await findUserField(context)) !== undefined;
}

/**
 * Looks at the page until the login worked: all of the author's criteria hold or, where there are none, nothing is seen that speaks against it.
 * A person is asked for each one-time code that the page wants, three at most; waiting for the person does not count. A page that says that the login
 * failed, in words that were not among `knownWords`, is not waited for.
 *
 * @throws Fault AUTHENTICATION_FAILED, saying what was seen.
 */
export async function awaitSuccess(auth: PlaybookAuthentication, context: LoginContext, knownWords: readonly string[] = []): Promise<void> {
  const timeout = auth.success?.timeout_ms ?? usualMs;
  let beganAt = performance.now();
  let refusedAt = Number.POSITIVE_INFINITY;
  let codes = 0;
  for (let held = 0; ; ) {
    const missing = await findMissing(auth, context);
    held = missing.length === 0 ? held + 1 : 0;
    if (held >= looksWanted(auth)) return;
    const words = await errorWordsOn(context.active.page, context.signal);
    const isRefused = missing.length > 0 && words.some((word) => !knownWords.includes(word));
    refusedAt = isRefused ? Math.min(refusedAt, performance.now()) : Number.POSITIVE_INFINITY;
    const codeField = missing.length > 0 && codes < mostCodes ? await findCodeField(context) : undefined;
    if (codeField !== undefined) {
      await sendCode(codeField, await askForCode(++codes, context), auth.login_url ?? "", context);
      beganAt = performance.now();
    } else if (held === 0 && (performance.now() - beganAt >= timeout || performance.now() - refusedAt >= refusedMs)) {
      throw new Fault("AUTHENTICATION_FAILED", { message: `The login did not work: ${[...missing, ...said(auth, words)].join("; ")}.` });
    }
    await delay(pollMs, { signal: context.stopping });
  }
}

/** A guess has to hold twice: between two pages there is nothing that speaks against it. */
function looksWanted({ success }: PlaybookAuthentication): number {
  return success === undefined ? 2 : 1;
}

async function findMissing({ success, login_url: loginUrl }: PlaybookAuthentication, context: LoginContext): Promise<readonly string[]> {
  const { active, signal } = context;
  // A page that is on its way says nothing about where it leads.
  const page = await active.settled(signal);
  if (success !== undefined) return await lacksSuccess(active, success, signal);
  const signs = await signsOfLoggedOut(page, signal, loginUrl);
  const words = await errorWordsOn(page, signal);
  return words.length === 0 ? signs : [...signs, quoted(words)];
}

/** What the page says, where the criteria did not ask for it. */
function said({ success }: PlaybookAuthentication, words: readonly string[]): readonly string[] {
  return success === undefined || words.length === 0 ? [] : [quoted(words)];
}

function quoted(words: readonly string[]): string {
  return `the page says '${words.join("', '")}'`;
}

async function askForCode(count: number, { person, signal }: LoginContext): Promise<string> {
  const again = count > 1 ? " The last one was not accepted." : "";
  const answer = await person.ask({ kind: "SECRET", prompt: `The login asks for a one-time code.${again}` }, signal);
  if (typeof answer === "object") return answer.answer.trim();
  throw new Fault("AUTHENTICATION_FAILED", { message: unansweredFault(answer, "The login's one-time code").message });
}
