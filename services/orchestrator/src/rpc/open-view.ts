import { Fault } from "@clew/fault/fault";
import type { Position } from "@clew/journal-format/position";
import { type ParsedPosition, parsePosition } from "@clew/journal-format/resume-token";
import type { Caller } from "../access/caller.ts";
import type { RunView } from "../supervisor/run-view.ts";
import type { Runs } from "../supervisor/runs.ts";

/**
 * Opens a run for a reader, at the place after which they would read. Whoever had begun to read a run that is kept no
 * longer is told EXPIRED rather than that there is no such run.
 */
export async function openView(
  runId: string,
  after: string,
  caller: Caller,
  runs: Runs,
): Promise<{ readonly view: RunView; readonly position: Position }> {
  const asked = parsePosition(after, runId);
  const view = await runs.view(runId, caller).catch((error: unknown) => {
    throw Fault.from(error).reason === "RUN_EXPIRED" && hasBegun(asked) ? new Fault("EXPIRED") : error;
  });
  try {
    return { view, position: await view.resolve(asked) };
  } catch (error) {
    view[Symbol.dispose]();
    throw error;
  }
}

function hasBegun(asked: ParsedPosition): boolean {
  return asked.kind === "token" || (asked.kind === "sequence" && asked.sequence > 0);
}
