import type { Run } from "@clew/client";
import { againText } from "./again-text.ts";
import { durationText } from "./duration-text.ts";
import { nameOptions } from "./name-options.ts";
import type { Output } from "./output.ts";
import { printable } from "./printable.ts";

/** Prints how a run ended: its state, the outcome's summary and data, and, where it failed, why and whether it is safe to run again. */
export function sayOutcome(run: Run, output: Output): void {
  const { id, state, outcome, effects, unconfirmedActions } = run;
  const duration = durationText(run);
  output.say("");
  output.say(`${state}${duration === undefined ? "" : ` after ${duration}`}: ${printable(outcome?.summary ?? "")}`);
  for (const [name, value] of Object.entries(outcome?.data ?? {}))
    output.say(`  ${printable(name)}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`);
  const error = outcome?.error;
  if (error !== undefined) {
    // A summary often says where it failed, and then this.
    const isSaid = outcome?.summary.includes(error.message) === true;
    if (!isSaid || error.reason !== state) output.say(`  ${error.reason}${isSaid ? "" : `: ${nameOptions(printable(error.message))}`}`);
    if (error.details.rule === "private_network")
      output.say("  Where a host of your own is meant, allow it with --allow-private-host host:port.");
  }
  if (state !== "COMPLETED" || effects === "UNKNOWN") output.say(`  ${againText[effects]}`);
  for (const action of unconfirmedActions)
    output.say(`    ${printable(action.action)} ${printable(action.inputSummary)} (event ${action.sequence})`);
  output.say("");
  if (state !== "COMPLETED") output.say(`  ${output.command(`explain ${id}`)}`);
  output.say(`  ${output.command(`artifacts ${id}`)}`);
  sayKept(run, output);
}

/** Says until when another run may go on in its browser, and how, unless the run lost that. Where it could not be kept, a warning among the events has said so. */
function sayKept({ id, spec, startTime, endTime, outcome }: Run, output: Output): void {
  const { keepAliveSeconds = 0 } = spec;
  if (keepAliveSeconds === 0 || startTime === undefined || endTime === undefined) return;
  if (/^(?:SANDBOX|BROWSER)_/.test(outcome?.error?.reason ?? "")) return;
  const until = new Date(Date.parse(endTime) + keepAliveSeconds * 1_000).toLocaleTimeString("en-GB");
  output.say(`  Its browser is kept until ${until}. Go on in it, or let go of it:`);
  output.say(`    ${output.command(`run PLAYBOOK --continue-from ${id}`)}`);
  output.say(`    ${output.command(`release ${id}`)}`);
}
