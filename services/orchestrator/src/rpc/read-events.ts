import { invalidRequest } from "@clew/fault/fault";
import { keepPosition } from "@clew/journal-format/position";
import type { ReadEventsRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Caller } from "../access/caller.ts";
import { limits } from "../runs/limits.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { Runs } from "../supervisor/runs.ts";
import { copyRecords } from "./copy-records.ts";
import { waitMs } from "./duration.ts";
import type { Page } from "./encode-page.ts";
import { passing } from "./event-types.ts";
import { openView } from "./open-view.ts";

/** Reads a page of a run's events, waiting for the first where the caller would. */
export async function readEvents(request: ReadEventsRequest, caller: Caller, runs: Runs, signal: AbortSignal): Promise<Page> {
  if (request.limit > limits.eventPageSize.max) {
    throw invalidRequest([{ field: "limit", rule: "range", message: `must be 1 to ${limits.eventPageSize.max}` }]);
  }
  const patienceMs = waitMs(request.wait);
  const { view, position: asked } = await openView(request.runId, request.after, caller, runs);
  using _open = view;
  const { journal } = view;
  let position = asked;
  if (position.sequence >= journal.tail.value && patienceMs > 0 && !isTerminal(view.run().state)) {
    using wait = linkSignals(signal);
    const moved = journal.tail.waitAbove(position.sequence, { signal: wait.signal });
    await Promise.race([moved, delay(patienceMs, { signal: wait.signal })]).catch(() => {});
    wait.abort();
    await moved.catch(() => {});
    signal.throwIfAborted();
  }
  const limit = request.limit === 0 ? limits.eventPageSize.default : request.limit;
  // Half a page of bodies: what readers' copies have besides, their place and token, is far less than the other half.
  const records = await view.read(position, { limit, maxBytes: limits.pageBytes / 2 });
  const last = records.at(-1);
  if (last !== undefined) position = keepPosition(last);
  const copies = copyRecords(journal, records, passing(caller.types));
  const upToDate = position.sequence >= journal.tail.value;
  return {
    copies,
    nextResumeToken: journal.tokenOf(position),
    upToDate,
    finished: upToDate && isTerminal(view.run().state),
    resumeToken: journal.tokenOf(asked),
    sequence: asked.sequence,
    tail: journal.tail.value,
  };
}
