import type { Run } from "@clew/client";
import { againText } from "./again-text.ts";
import type { Output } from "./output.ts";
import { printable } from "./printable.ts";

/** Prints how a run ended: its state, the outcome's summary and data, and, where it failed, why and whether it is safe to run again. */
export function sayOutcome({ id, state, outcome, effects, unconfirmedActions, createTime, endTime }: Run, output: Output): void {
  const seconds = endTime === undefined ? undefined : (Date.parse(endTime) - Date.parse(createTime)) / 1000;
  output.say("");
  output.say(`${state}${seconds === undefined ? "" : ` after ${seconds.toFixed(1)} s`}: ${printable(outcome?.summary ?? "")}`);
  for (const [name, value] of Object.entries(outcome?.data ?? {}))
    output.say(`  ${printable(name)}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`);
  const error = outcome?.error;
  if (error !== undefined) {
    output.say(`  ${error.reason}: ${printable(error.message)}`);
    if (error.reason === "GUARDRAIL_BLOCKED")
      output.say("  Where a host of your own is meant, allow it with --allow-private-host host:port.");
  }
  if (state !== "COMPLETED") output.say(`  ${againText[effects]}`);
  for (const action of unconfirmedActions)
    output.say(`    ${printable(action.action)} ${printable(action.inputSummary)} (event ${action.sequence})`);
  output.say("");
  output.say(`  clew artifacts ${id}`);
}
