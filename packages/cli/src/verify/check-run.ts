import type { Clew, RunEvent } from "@clew/client";
import { EventCheck } from "./check-events.ts";
import type { Broken, Verdict } from "./verdict.ts";

const pageEvents = 1000;

/**
 * Checks of a run what any reader can prove: its events are 1, 2, 3, … without a gap; each page was asked for with the token of the one
 * before, which the service takes only from who has its very history; and the last token is the one the run ended with.
 */
export async function checkRun(clew: Clew, runId: string): Promise<Verdict> {
  const run = clew.run(runId);
  const events = new EventCheck(runId);
  const broken = (sequence: number, message: string): Broken => ({ kind: "wrong", runId, sequence, offset: undefined, message });
  let resumeToken = "";
  let beforeLast = "";
  let pages = 0;
  for (let finished = false, upToDate = false; !finished && !upToDate; ) {
    const page = await run.readEvents({ after: resumeToken, limit: pageEvents });
    pages += 1;
    for (const event of page.events) {
      const message = events.take(toChecked(event));
      if (message !== undefined) return broken(event.sequence, message);
      [beforeLast, resumeToken] = [resumeToken, event.resumeToken];
    }
    if (page.nextResumeToken !== resumeToken && resumeToken !== "")
      return broken(events.count, "The page ends with another event's token.");
    ({ finished, upToDate } = page);
    if (finished !== (events.state !== undefined)) return broken(events.count, "The page says otherwise of the run's end than its events.");
    if (page.events.length === 0 && !upToDate && !finished) return broken(events.count + 1, "The page is empty although more is to come.");
  }
  if (events.state !== undefined) {
    const ended = await run.get();
    if (ended.resumeToken !== resumeToken || ended.lastSequence !== events.count)
      return broken(events.count, "The Run says that it ended with another event.");
    // The stream's own end names the last event, and the client takes no other.
    const rest: string[] = [];
    for await (const event of run.events({ after: beforeLast })) rest.push(event.resumeToken);
    if (rest.length !== 1 || rest[0] !== resumeToken) return broken(events.count, "The stream ends otherwise than the pages.");
  }
  return {
    kind: events.state === undefined ? "unfinished" : "sound",
    runId,
    events: events.count,
    firstTime: events.firstTime,
    lastTime: events.lastTime,
    state: events.state,
    resumeToken,
    source: { gateway: clew.url, pages },
  };
}

function toChecked(event: RunEvent) {
  const { sequence, time, type } = event;
  const run = event.type === "runCreated" ? event.runCreated.run : event.type === "runFinished" ? event.runFinished.run : undefined;
  return { sequence, timeMs: Date.parse(time), type, run };
}
