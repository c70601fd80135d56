import { type Clew, Fault, isTerminal, type Run, type RunState } from "@clew/client";
import { parseAssignments, parseWholeNumber } from "../assignments.ts";
import { exitCode, exitCodeOfState } from "../exit-code.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";
import { sayOutcome } from "../say-outcome.ts";
import { sayQuestion } from "../say-question.ts";

/** Prints one run; with `wait`, once it is over or that many seconds have passed. */
export async function getCommand(clew: Clew, output: Output, runId: string, options: { readonly wait?: string }): Promise<number> {
  const run = await clew.getRun(runId, options.wait === undefined ? {} : { wait: parseWholeNumber("--wait", options.wait, 1, 60) });
  output.emit(run);
  output.say(lineOf(run));
  if (run.awaits !== undefined) sayQuestion(run.id, run.awaits, output);
  if (isTerminal(run.state)) sayOutcome(run, output);
  return isTerminal(run.state) ? exitCodeOfState(run.state) : exitCode.done;
}

/** Prints the newest runs, one a line. */
export async function listCommand(
  clew: Clew,
  output: Output,
  options: { readonly state: readonly string[]; readonly label: readonly string[]; readonly playbook?: string; readonly limit: string },
): Promise<number> {
  const limit = parseWholeNumber("--limit", options.limit, 1, 100_000);
  const state = options.state.map(toState);
  const { playbook } = options;
  let count = 0;
  const filters = { state, labels: parseAssignments("--label", options.label), pageSize: Math.min(limit, 100) };
  for await (const run of clew.listRuns(playbook === undefined ? filters : { ...filters, playbook })) {
    output.emit(run);
    output.say(lineOf(run));
    count += 1;
    if (count === limit) break;
  }
  if (count === 0) output.remark("There are no such runs.");
  return exitCode.done;
}

/** Asks a run to stop. */
export async function stopCommand(
  clew: Clew,
  output: Output,
  runId: string,
  options: { readonly reason?: string; readonly grace?: string },
): Promise<number> {
  const { reason, grace } = options;
  const run = await clew.run(runId).stop({
    ...(reason === undefined ? {} : { reason }),
    ...(grace === undefined ? {} : { graceSeconds: parseWholeNumber("--grace", grace, 0, 120) }),
  });
  output.emit(run);
  output.say(lineOf(run));
  if (isTerminal(run.state)) {
    if (run.state !== "TERMINATED") output.remark("It was over before; nothing was there to stop.");
    return exitCode.done;
  }
  output.remark(`${howItStops(run, grace)} See it end with:\n  ${output.command(`get ${runId} --wait 60`)}`);
  return exitCode.done;
}

/** What comes of a wish to stop a run that is not over. */
function howItStops({ outcome }: Run, grace: string | undefined): string {
  if (outcome !== undefined)
    return "Its outcome is known and stays as it is: only its recordings are still being stored, for a minute at most.";
  return Number(grace) === 0 ? "It is being killed." : `It is stopping: what it does now has ${grace ?? 10} seconds to end.`;
}

function lineOf({ id, state, createTime, playbook, outcome }: Run): string {
  return [
    id,
    state.padEnd(10),
    createTime.slice(0, 19).replace("T", " "),
    printable(playbook?.id ?? "-"),
    shortened(printable(outcome?.summary ?? "")),
  ]
    .join("  ")
    .trimEnd();
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

const states: ReadonlySet<string> = new Set<RunState>([
  "QUEUED",
  "STARTING",
  "RUNNING",
  "WAITING",
  "FINALIZING",
  "COMPLETED",
  "FAILED",
  "TIMED_OUT",
  "TERMINATED",
]);

function toState(text: string): RunState {
  const word = text.toUpperCase();
  if (isState(word)) return word;
  throw new Fault("INVALID_REQUEST", { message: `--state: one of ${[...states].join(", ")}.` });
}

function isState(word: string): word is RunState {
  return states.has(word);
}
