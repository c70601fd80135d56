import { Fault } from "@clew/fault/fault";
import { keepPosition, type Position } from "@clew/journal-format/position";
import type { EncodedStreamRunEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import type { StreamRunEventsRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { withHeartbeat } from "@clew/streams/heartbeat";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Caller } from "../access/caller.ts";
import { limits } from "../runs/limits.ts";
import { showRun } from "../runs/shown-run.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { RunView } from "../supervisor/run-view.ts";
import type { Runs } from "../supervisor/runs.ts";
import { copyRecords } from "./copy-records.ts";
import { demandEventTypes, passing } from "./event-types.ts";
import { openView } from "./open-view.ts";

/** A frame whose events are encoded already. */
type Frame = EncodedStreamRunEventsResponse;

/** Readers who are sent away together come back over as long again as the first of them waits. */
const reconnectAfterMs = 1_000;

/**
 * Follows a run: reads after the position; at the tail waits until it moved; reads again. The same loop for a run that
 * is under way and for one that ended long ago. After `end` the stream closes.
 */
export async function* streamRunEvents(
  request: StreamRunEventsRequest,
  caller: Caller,
  runs: Runs,
  signal: AbortSignal,
  random = Math.random,
): AsyncGenerator<Frame> {
  demandEventTypes(request.types);
  const { view, position } = await openView(request.runId, request.resumeToken, caller, runs);
  using _open = view;
  const { journal } = view;
  const reader = { position };
  const frame = (value: NonNullable<Frame["frame"]>): Frame => ({
    resumeToken: journal.tokenOf(reader.position),
    frame: value,
  });
  const { sequence } = position;
  yield frame({ $case: "hello", value: { runId: request.runId, sequence, tail: journal.tail.value, heartbeatMs: limits.heartbeatMs } });
  using wait = linkSignals(signal);
  const wanted = passing(new Set(request.types), caller.types);
  try {
    const beat = () => frame({ $case: "checkpoint", value: {} });
    const shown = { ...view, run: () => showRun(view.run(), caller.types) };
    yield* withHeartbeat(follow(shown, reader, wanted, frame, wait.signal), { intervalMs: limits.heartbeatMs - 1_000, beat });
  } catch (error) {
    // A planned close is said in the stream, so that readers do not take it for a broken one.
    if (!(signal.aborted && Fault.from(signal.reason).reason === "SHUTTING_DOWN")) throw error;
    yield frame({ $case: "reconnect", value: { afterMs: Math.round(reconnectAfterMs * (1 + random())) } });
    throw new Fault("SHUTTING_DOWN");
  } finally {
    wait.abort(new Fault("CANCELLED"));
  }
}

async function* follow(
  { journal, run: runNow, read }: Omit<RunView, keyof Disposable>,
  reader: { position: Position },
  wanted: (type: string) => boolean,
  frame: (value: NonNullable<Frame["frame"]>) => Frame,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  for (;;) {
    if (reader.position.sequence >= journal.tail.value) {
      const run = runNow();
      if (isTerminal(run.state) && run.lastSequence === reader.position.sequence) {
        yield frame({ $case: "end", value: { run, lastSequence: run.lastSequence } });
        return;
      }
      await journal.tail.waitAbove(reader.position.sequence, { signal });
    }
    const before = reader.position;
    const events = await readOn();
    if (reader.position === before) continue;
    yield events.length > 0 ? frame({ $case: "events", value: { events } }) : frame({ $case: "checkpoint", value: {} });
  }

  /** Apart, so that while a reader takes its time no more is held for it than what it is sent. */
  async function readOn(): Promise<Buffer[]> {
    const records = await read(reader.position, { limit: limits.streamPageEvents, maxBytes: limits.streamPageBytes });
    const last = records.at(-1);
    if (last !== undefined) reader.position = keepPosition(last);
    return copyRecords(journal, records, wanted).events;
  }
}
