import { Fault } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";
import { bindStep } from "@clew/playbook/bind-step";
import type { Values } from "@clew/playbook/bind-text";
import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import type { Playbook, StepOf } from "@clew/playbook/playbook-schema";
import type { PlaybookAuthentication } from "@clew/playbook/schema/authentication";
import { timeouts } from "../actions/timeouts.ts";
import { within } from "../actions/within.ts";
import { runAction } from "../playbook/run-action.ts";
import { askToLogIn } from "./ask-to-log-in.ts";
import { awaitSuccess, isLoggedIn } from "./await-success.ts";
import type { LoginContext } from "./login-context.ts";
import { sendLoginForm } from "./login-form.ts";
import { errorWordsOn } from "./success.ts";

/** What only the page and the author's words are to blame for. */
const loginFailures: ReadonlySet<Reason> = new Set([
  "SELECTOR_NOT_FOUND",
  "SELECTOR_AMBIGUOUS",
  "ACTION_FAILED",
  "ACTION_TIMED_OUT",
  "NAVIGATION_FAILED",
]);

/**
 * Logs in as the playbook says, unless the saved login the run began with still holds. The page is then wherever the login led to, and its cookies
 * are secrets.
 *
 * @throws Fault AUTHENTICATION_FAILED where it did not work, and whatever else ends a run.
 */
export async function authenticate(playbook: Playbook, startUrl: string | undefined, values: Values, context: LoginContext): Promise<void> {
  if (playbook.auth === undefined || playbook.auth_required === false) return;
  const auth = boundTo(playbook.auth, values);
  try {
    await logIn(auth, startUrl, context);
    const cookies = await within(context.active.context.cookies(), timeouts.action, context.signal);
    context.secrets.add(browserStateSecrets(JSON.stringify({ cookies })));
  } catch (thrown) {
    context.signal.throwIfAborted();
    const fault = Fault.from(thrown);
    if (!loginFailures.has(fault.reason)) throw fault;
    throw new Fault("AUTHENTICATION_FAILED", { message: `The login failed: ${fault.message}`, cause: thrown });
  }
}

async function logIn(auth: PlaybookAuthentication, startUrl: string | undefined, context: LoginContext): Promise<void> {
  const { login_url: loginUrl = "", success } = auth;
  const { login } = context;
  // A called playbook's login is not the one that the run began with.
  const isRuns = context.callDepth === 0;
  if (isRuns) login.judgeBy(auth);
  // A page that goes on as it was is not left before it is known what it shows.
  const usual = login.isThere ? "" : loginUrl;
  const first = login.mayHold || loginUrl === "" ? (startUrl ?? usual) : loginUrl;
  if (auth.mode === "none" && success === undefined) return;
  if (first !== "" && context.active.url !== first) await open(first, context);

  if ((login.mayHold || success !== undefined) && (await isLoggedIn(auth, context))) return;
  if (auth.mode === "none") {
    await awaitSuccess(auth, context).catch((thrown: unknown) => {
      if (isRuns && !context.stopping.aborted) login.noteLoggedOut();
      throw thrown;
    });
    return;
  }
  if (isRuns) login.noteLoggedOut();

  if (loginUrl !== "" && context.active.url !== loginUrl) await open(loginUrl, context);
  if (auth.mode === "manual") return await askToLogIn(auth, context);
  const knownWords = await errorWordsOn(context.active.page, context.signal);
  await sendLoginForm(loginUrl || first, context);
  await awaitSuccess(auth, context, knownWords);
}

async function open(url: string, context: LoginContext): Promise<void> {
  const step: StepOf<"goto"> = { action: "goto", params: { url }, description: "Open the login", on_failure: "abort", failure_message: "" };
  await runAction(step, context.place, context);
}

function boundTo(auth: PlaybookAuthentication, values: Values): PlaybookAuthentication {
  const bound = bindStep(auth, values);
  if ("step" in bound) return bound.step;
  const [problem] = bound.problems;
  throw new Fault("AUTHENTICATION_FAILED", { message: `auth.${problem?.field}: ${problem?.message}` });
}
