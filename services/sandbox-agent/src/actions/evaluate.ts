import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { publicAddress } from "../browser/address.ts";
import { maskJson } from "../observation/mask-json.ts";
import { createMask, dropBrokenEnd, longestSecret, readPasswords } from "../observation/page-secrets.ts";
import { runScript, type ScriptAnswer } from "../observation/run-script.ts";
import type { ActionContext, ActionResult, JsonValue, PrepareAction } from "./action.ts";
import { inBrowser } from "./in-browser.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** The longest answer that is kept as a value, in characters of JSON. */
const mostChars = 64 * 1024;

/** Runs a script in the page: the body of an async function, which finds `args` in a variable of that name. What it returns is kept as JSON. */
export const evaluate: PrepareAction<StepOf<"evaluate">> = async (step, context) => {
  const { script, args, timeout_ms: timeout = timeouts.action } = step.params;
  if (script.trim() === "") return async () => ({ did: "Ran no script: it is empty" });
  return async () => {
    const page = await context.active.settled(context.signal);
    const options = { timeout, signal: context.signal };
    const passwordsOf = () =>
      inBrowser("Reading the page's fields", timeouts.action, context, (call) => readPasswords(page, call)).then(({ values }) => values);
    const before = await passwordsOf();
    const answer = await runScript(page, { script, args, mostChars: mostChars + longestSecret, ...options }).catch(
      describeFailure(before, context),
    );
    if (answer === undefined) return { did: "Ran a script, which left the page" };
    return resultOf(answer, createMask([...before, ...(await passwordsOf())], context.redact).all);
  };
};

function resultOf({ json, chars }: Exclude<ScriptAnswer, undefined>, redact: ActionContext["redact"]): ActionResult {
  if (json.length < chars || chars > mostChars) {
    const kept = dropBrokenEnd(redact(json), json.length < chars).slice(0, mostChars);
    return { did: `Ran a script, which answered ${chars} characters, more than ${mostChars}: the first are kept, as a text`, found: kept };
  }
  const value = maskJson(JSON.parse(json) as JsonValue, redact);
  return { did: "Ran a script", found: typeof value === "string" ? value : JSON.stringify(value), value };
}

/** A script's own error says what its author must know, but for secrets. */
function describeFailure(passwords: readonly string[], { signal, redact, active }: ActionContext) {
  return (thrown: unknown): never => {
    signal.throwIfAborted();
    const fault = playwrightFault(thrown, "Running the script", timeouts.action, redact, publicAddress(redact(active.url)));
    if (!(thrown instanceof Fault) || fault.reason !== "ACTION_FAILED") throw fault;
    const said = createMask(passwords, redact).all(fault.message).slice(0, 500);
    throw new Fault("ACTION_FAILED", { message: `The script failed: ${said}`, cause: thrown });
  };
}
