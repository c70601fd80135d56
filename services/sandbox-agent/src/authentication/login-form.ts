import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Candidate } from "@clew/playbook/schema/candidate";
import { delay } from "@clew/streams/delay";
import type { Page } from "playwright";
import { timeouts } from "../actions/timeouts.ts";
import { toLocator } from "../actions/to-locator.ts";
import { within } from "../actions/within.ts";
import { untraced } from "../browser/untraced.ts";
import { runAction } from "../playbook/run-action.ts";
import type { LoginContext } from "./login-context.ts";
import { demandLoginHost } from "./login-host.ts";

const pollMs = 250;

/** Milliseconds the page has to show a field. */
const fieldMs = 10_000;

/** A selector of Playwright's, and a button by its words, as candidates. */
const bySelector = (value: string, within?: Candidate): Candidate => ({
  by: "selector",
  value,
  within,
  exact: false,
  whole_words: false,
  frame: [],
});
const byButton = (name: string, within?: Candidate): Candidate => ({
  by: "role",
  value: "button",
  name,
  within,
  exact: false,
  whole_words: false,
  frame: [],
});

const passwordFields = ["input[autocomplete~=current-password]", "input[type=password]", "input[name=password]", "input[id=password]"].map(
  (selector) => bySelector(selector),
);

const userSelectors = [
  "input[autocomplete~=username]",
  "input[name=username]",
  "input[id=username]",
  "input[placeholder*=username i]",
  "input[autocomplete~=email]",
  "input[type=email]",
  "input[name=email]",
  "input[id=email]",
  "input[placeholder*=email i]",
];

/** Where the user may be asked for: beside the password, in its form or in none, since other forms ask for an address too, to send news to. */
function userFields(password: Candidate | undefined): readonly Candidate[] {
  if (password === undefined) return userSelectors.map((selector) => bySelector(selector));
  const form = bySelector(`form:has(${password.value})`);
  return [
    ...[...userSelectors, "input:is(:not([type]), [type=text], [type=tel])"].map((selector) => bySelector(selector, form)),
    ...userSelectors.map((selector) => bySelector(`${selector}:not(form *)`)),
  ];
}

const codeFields = ["input[autocomplete~=one-time-code]", "input[name*=otp i]", "input[id*=otp i]"].map((selector) => bySelector(selector));

const buttonNames = ["Log in", "Sign in", "Login", "Submit", "Next", "Continue"];

/**
 * Fills in a login form and sends it, each field and the button an action in the journal. The password may be asked for on a page of its own. Nothing is
 * entered on another site than that of `loginUrl`.
 *
 * @throws Fault AUTHENTICATION_FAILED where a credential or a field is missing; whatever an action fails with.
 */
export async function sendLoginForm(loginUrl: string, context: LoginContext): Promise<void> {
  const { credentials } = context;
  const user = ["username", "email"].find((name) => credentials[name] !== undefined);
  if (user === undefined) throw failed("The run was given no credential 'username' or 'email'.");
  if (credentials["password"] === undefined) throw failed("The run was given no credential 'password'.");

  const { active, signal, stopping } = context;
  if ((await awaitField([...passwordFields, ...userFields(undefined)], context)) === undefined)
    throw failed("No field for a user or a password, or more than one, is shown.");
  // A page may show its fields one after the other.
  await delay(pollMs, { signal: stopping });
  const beside = await find(active.page, passwordFields, signal);
  const userField = await find(active.page, userFields(beside), signal);
  if (userField !== undefined) await type(userField, "user field", user, loginUrl, context);
  if (beside === undefined && userField !== undefined) await send(userField, context);
  const password = beside ?? (await awaitField(passwordFields, context));
  if (password === undefined) throw failed("No field for the password, or more than one, is shown.");
  await type(password, "password field", "password", loginUrl, context);
  await send(password, context);
}

/** The field for a one-time code, where the page shows one. */
export function findCodeField({ active, signal }: LoginContext): Promise<Candidate | undefined> {
  return find(active.page, codeFields, signal);
}

/** The field for the user, where the page shows one. */
export function findUserField({ active, signal }: LoginContext): Promise<Candidate | undefined> {
  return find(active.page, userFields(undefined), signal);
}

/** Enters a one-time code and sends it; on no other site than that of `loginUrl`. */
export async function sendCode(field: Candidate, code: string, loginUrl: string, context: LoginContext): Promise<void> {
  await type(field, "field for the one-time code", "one_time_code", loginUrl, {
    ...context,
    credentials: { ...context.credentials, one_time_code: code },
  });
  await send(field, context);
}

async function type(field: Candidate, description: string, credential: string, loginUrl: string, context: LoginContext): Promise<void> {
  demandLoginHost(loginUrl, context);
  await runAction(keyPress(field, description, { credential_ref: credential }), context.place, context);
}

/** Clicks the one button that sends the field's form; presses Enter in the field where there is none, or several. */
async function send(field: Candidate, context: LoginContext): Promise<void> {
  const button = await find(context.active.page, submitButtons(field), context.signal);
  if (button === undefined) return void (await runAction(keyPress(field, "field of the login", { key: "Enter" }), context.place, context));
  const click: StepOf<"click"> = {
    action: "click",
    selector: { primary: button, fallbacks: [], description: "button that sends the login" },
    params: {},
    ...plain,
  };
  await runAction(click, context.place, context);
}

function submitButtons(field: Candidate): readonly Candidate[] {
  const form = bySelector(`form:has(${field.value})`);
  return [
    ...["button[type=submit]", "input[type=submit]", "button:not([type])"].map((selector) => bySelector(selector, form)),
    ...buttonNames.map((name) => byButton(name, form)),
    ...buttonNames.slice(0, 3).map((name) => byButton(name)),
  ];
}

const plain = { description: "Log in", on_failure: "abort", failure_message: "" } as const;

function keyPress(field: Candidate, description: string, params: StepOf<"key_press">["params"]): StepOf<"key_press"> {
  return { action: "key_press", selector: { primary: field, fallbacks: [], description }, params, ...plain };
}

async function awaitField(candidates: readonly Candidate[], { active, signal, stopping }: LoginContext): Promise<Candidate | undefined> {
  const deadline = performance.now() + fieldMs;
  for (;;) {
    const found = await find(await active.settled(signal), candidates, signal);
    if (found !== undefined || performance.now() >= deadline) return found;
    await delay(pollMs, { signal: stopping });
  }
}

/** The first candidate that anything visible is found by decides: it is answered where that is one element, and nothing where it is several. */
async function find(page: Page, candidates: readonly Candidate[], signal: AbortSignal): Promise<Candidate | undefined> {
  for (const candidate of candidates) {
    const matches = toLocator(page, candidate).filter({ visible: true });
    const counting = untraced(page, () => matches.count());
    const count = await within(counting, timeouts.action, signal).catch(() => 0);
    signal.throwIfAborted();
    if (count > 0) return count === 1 ? candidate : undefined;
  }
  return undefined;
}

function failed(message: string): Fault {
  return new Fault("AUTHENTICATION_FAILED", { message });
}
