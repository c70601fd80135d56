import { Fault } from "@clew/fault/fault";
import type { PlaybookAuthentication } from "@clew/playbook/schema/authentication";
import { unansweredFault } from "../person/ask-person.ts";
import { runAction } from "../playbook/run-action.ts";
import { awaitSuccess } from "./await-success.ts";
import { parseBrowserState, putBrowserState } from "./browser-state.ts";
import type { LoginContext } from "./login-context.ts";

/**
 * Has a person log in: in the browser's window where there is one, otherwise by answering with a saved login.
 *
 * @throws Fault AUTHENTICATION_FAILED where nobody does, INPUT_DENIED where the person declines.
 */
export async function askToLogIn(auth: PlaybookAuthentication, context: LoginContext): Promise<void> {
  const { active, person, isHeaded, signal } = context;
  const where = auth.login_url === undefined ? "" : ` at ${new URL(auth.login_url).host}`;
  const answer = isHeaded
    ? await person.ask({ kind: "TAKE_OVER", prompt: `Log in${where} in the browser's window, then approve.` }, signal)
    : await person.ask({ kind: "BROWSER_STATE", prompt: `Log in${where} in a browser of your own and answer with its state.` }, signal);
  if (typeof answer === "string") throw new Fault("AUTHENTICATION_FAILED", { message: unansweredFault(answer, "The login").message });
  if (answer.answer === "deny") throw new Fault("INPUT_DENIED", { message: "A person declined to log in." });
  if (answer.answer !== "approve") {
    const state = parseBrowserState(answer.answer);
    if (state === undefined) throw new Fault("AUTHENTICATION_FAILED", { message: "What was answered is no browser state." });
    await putBrowserState(active.context, state, signal);
    await reopen(auth, context);
  }
  await awaitSuccess(auth, context);
}

/** Opens the page once more, now with the login. */
async function reopen({ login_url: url }: PlaybookAuthentication, context: LoginContext): Promise<void> {
  const address = url ?? context.active.url;
  if (address === "about:blank") return;
  await runAction(
    { action: "goto", params: { url: address }, description: "Open the page with the login", on_failure: "abort", failure_message: "" },
    context.place,
    context,
  );
}
