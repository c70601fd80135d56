import type { Clew } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";

/** Lets go of what a run left for forks. */
export async function releaseCommand(clew: Clew, output: Output, runId: string): Promise<number> {
  const run = await clew.run(runId).release();
  output.emit(run);
  output.say("Nothing is kept of it any more for runs that continue or fork: no browser, no session. Its record stays.");
  return exitCode.done;
}
