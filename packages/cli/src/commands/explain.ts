import type { Clew } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import { explain } from "../explain/explain.ts";
import { renderExplanation } from "../explain/render.ts";
import { Story } from "../explain/story.ts";
import type { Output } from "../output.ts";

const pageEvents = 1000;
const unknownWidth = 110;

/** Says on one screen what was asked of a run, what it did, what it began and never confirmed, why it ended, and what to do next. */
export async function explainCommand(clew: Clew, output: Output, runId: string): Promise<number> {
  const run = await clew.getRun(runId);
  const story = new Story();
  for (let after = 0, upToDate = false; !upToDate && after < run.lastSequence; ) {
    const page = await clew.run(runId).readEvents({ after, limit: pageEvents });
    // The Run is from before: what came since would contradict it.
    for (const event of page.events) if (event.sequence <= run.lastSequence) story.take(event);
    after = page.events.at(-1)?.sequence ?? run.lastSequence;
    ({ upToDate } = page);
  }
  const explanation = explain(run, story, output.command);
  output.emit(explanation);
  for (const line of renderExplanation(explanation, process.stdout.columns ?? unknownWidth)) output.say(line);
  return exitCode.done;
}
