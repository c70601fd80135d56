import type { Clew, Run, RunEvent } from "@clew/client";
import { Fault } from "@clew/client";
import { formatEventLine } from "./event-line.ts";
import { exitCode, exitCodeOfState } from "./exit-code.ts";
import type { Output } from "./output.ts";
import { sayOutcome } from "./say-outcome.ts";
import { sayQuestion } from "./say-question.ts";

/** What of a run to follow. */
export interface FollowRunOptions {
  readonly after?: string | undefined;
  readonly types?: readonly string[] | undefined;
  /** The beginning that the seconds of each line count from. */
  readonly since: string;
}

const sayLost = "Lost the gateway; this goes on where it was once that is back. Ctrl-C ends only this.";
const sayPutOff = "The gateway asks again and again to come back later; the run goes on, and so does this when it may.";
/** How it asks. */
const putOff: ReadonlySet<string> = new Set(["READERS_FULL", "SHUTTING_DOWN"]);

/** Prints a run's events as they come, then its outcome; answers the exit code. Ctrl-C leaves the run running and says how to come back. */
export async function followRun(clew: Clew, runId: string, output: Output, { after, types, since }: FollowRunOptions): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort(new Fault("CANCELLED"));
  process.once("SIGINT", onInterrupt);
  process.once("SIGTERM", onInterrupt);
  const onTrouble = ({ reason }: Fault) => output.remark(putOff.has(reason) ? sayPutOff : sayLost);
  let token = after;
  let finished: Run | undefined;
  try {
    for await (const event of clew.run(runId).events({ after, types, signal: interrupt.signal, onTrouble })) {
      token = event.resumeToken;
      finished = finishedRun(event) ?? finished;
      output.say(formatEventLine(event, since));
      if (event.type === "inputRequested") sayQuestion(runId, event.inputRequested, output);
      output.emit(event);
    }
    // A filter may have left runFinished out, and so may a token that is the last one.
    const run = finished ?? (await clew.getRun(runId, { signal: interrupt.signal }));
    sayOutcome(run, output);
    return exitCodeOfState(run.state);
  } catch (thrown) {
    if (!interrupt.signal.aborted) throw thrown;
    const from = token === undefined ? "" : ` --after ${token}`;
    output.remark(
      `The run goes on. Follow it again with:\n  ${output.command(`stream ${runId}${from}`)}\nStop it with:\n  ${output.command(`stop ${runId}`)}`,
    );
    return exitCode.left;
  } finally {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  }
}

function finishedRun(event: RunEvent): Run | undefined {
  if (event.type !== "runFinished" || event.runFinished.run === undefined) return undefined;
  const { spec, usage, createTime, ...run } = event.runFinished.run;
  return spec === undefined || usage === undefined || createTime === undefined ? undefined : { ...run, spec, usage, createTime };
}
