import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { Candidate } from "@clew/playbook/schema/candidate";
import { delay } from "@clew/streams/delay";
import type { Page } from "playwright";
import { timeouts } from "../actions/timeouts.ts";
import { toLocator } from "../actions/to-locator.ts";
import { within } from "../actions/within.ts";
import { runAction } from "../playbook/run-action.ts";
import type { LoginContext } from "./login-context.ts";

const pollMs = 250;

/** Milliseconds the page has to show a field. */
const fieldMs = 10_000;

/** Makes a candidate of a selector of Playwright's. */
const bySelector = (value: string, inside?: Candidate): Candidate => ({
  by: "selector",
  value,
  exact: false,
  frame: [],
  ...(inside && { within: inside }),
});
const byButton = (name: string, inside?: Candidate): Candidate => ({
  by: "role",
  value: "button",
  name,
  exact: false,
  frame: [],
  ...(inside && { within: inside }),
});

const passwordForm = bySelector("form:has(input[type=password])");

const passwordFields = ["input[autocomplete~=current-password]", "input[type=password]", "input[name=password]", "input[id=password]"].map(
  (selector) => bySelector(selector),
);

const userSelectors = [
  "input[autocomplete~=username]",
  "input[type=email]",
  "input[name=username]",
  "input[name=email]",
  "input[id=username]",
  "input[id=email]",
  "input[placeholder*=username i]",
  "input[placeholder*=email i]",
  "input[autocomplete~=email]",
];
/** In the password's own form first: others may ask for an address too, to send news to. */
const userFields = [
  ...userSelectors.map((selector) => bySelector(selector, passwordForm)),
  bySelector("input:is(:not([type]), [type=text], [type=tel])", passwordForm),
  ...userSelectors.map((selector) => bySelector(selector)),
];

const codeFields = ["input[autocomplete~=one-time-code]", "input[name=otp]", "input[name=totp]", "input[name=code]"].map((selector) =>
  bySelector(selector),
);

const buttonNames = ["Log in", "Sign in", "Login", "Submit", "Next", "Continue"];

/**
 * Fills in a login form and sends it, each field and the button an action in the journal. The password may be asked for on a page of its own.
 *
 * @throws Fault AUTHENTICATION_FAILED where a credential or a field is missing; whatever an action fails with.
 */
export async function sendLoginForm(context: LoginContext): Promise<void> {
  const { credentials } = context;
  const user = ["username", "email"].find((name) => credentials[name] !== undefined);
  if (user === undefined) throw failed("The run was given no credential 'username' or 'email'.");
  if (credentials["password"] === undefined) throw failed("The run was given no credential 'password'.");

  const shown = await awaitField([...passwordFields, ...userFields], context);
  if (shown === undefined) throw failed("The login page shows no field for a user or a password.");
  const { page } = context.active;
  const userField = await pick(page, userFields, context.signal);
  if (userField !== undefined) await type(userField, "user field", user, context);
  if ((await pick(page, passwordFields, context.signal)) === undefined && userField !== undefined) await send(userField, context);
  const password = await awaitField(passwordFields, context);
  if (password === undefined) throw failed("The login asked for no password once it had the user.");
  await type(password, "password field", "password", context);
  await send(password, context);
}

/** The field for a one-time code, where the page shows one. */
export function findCodeField({ active, signal }: LoginContext): Promise<Candidate | undefined> {
  return pick(active.page, codeFields, signal);
}

/** Enters a one-time code and sends it. */
export async function sendCode(field: Candidate, code: string, context: LoginContext): Promise<void> {
  await type(field, "field for the one-time code", "one_time_code", {
    ...context,
    credentials: { ...context.credentials, one_time_code: code },
  });
  await send(field, context);
}

async function type(field: Candidate, description: string, credential: string, context: LoginContext): Promise<void> {
  await runAction(keyPress(field, description, { credential_ref: credential }), context.place, context);
}

/** Clicks the one button that sends the field's form; presses Enter in the field where there is none, or several. */
async function send(field: Candidate, context: LoginContext): Promise<void> {
  const button = await pick(context.active.page, submitButtons(field), context.signal);
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
    const found = await pick(await active.settled(signal), candidates, signal);
    if (found !== undefined || performance.now() >= deadline) return found;
    await delay(pollMs, { signal: stopping });
  }
}

/** The first candidate that exactly one visible element is found by. */
async function pick(page: Page, candidates: readonly Candidate[], signal: AbortSignal): Promise<Candidate | undefined> {
  for (const candidate of candidates) {
    const count = await within(toLocator(page, candidate).filter({ visible: true }).count(), timeouts.action, signal).catch(() => 0);
    signal.throwIfAborted();
    if (count === 1) return candidate;
  }
  return undefined;
}

function failed(message: string): Fault {
  return new Fault("AUTHENTICATION_FAILED", { message });
}
