import { Fault } from "@clew/fault/fault";
import type { Position } from "@clew/journal-format/position";
import type { ParsedPosition } from "@clew/journal-format/resume-token";
import type { Run } from "@clew/proto/grpc/clew/run/v1/run";
import type { Journal, JournalRecord, ReadLimits } from "../journal/journal.ts";
import type { RunId } from "../runs/run-id.ts";
import type { OpenJournals } from "./open-journals.ts";

/** A run's journal and what it comes to, for one reader. Dispose it when done. */
export interface RunView extends Disposable {
  readonly journal: Journal;
  /** The Run as it is now. */
  readonly run: () => Run;
  /** Finds the position a reader asks for, as the journal does. */
  readonly resolve: (asked: ParsedPosition) => Promise<Position>;
  /** Reads after a position, as the journal does. @throws Fault EPOCH_CHANGED where the journal had to be mended for it. */
  readonly read: (position: Position, bounds: ReadLimits) => Promise<readonly JournalRecord[]>;
}

/**
 * Opens a run for a reader. A journal that is found damaged under him is opened anew, which mends it; he is told where to read on.
 *
 * @param letGo sees to it that nobody writes the damaged journal any more.
 */
export async function viewRun(journals: OpenJournals, runId: RunId, run: () => Run, letGo: () => Promise<void>): Promise<RunView> {
  const { journal, [Symbol.dispose]: release } = await journals.borrow(runId);
  const orMended = async <T>(reading: Promise<T>, asked: ParsedPosition): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      if (Fault.from(error).reason !== "JOURNAL_DAMAGED") throw error;
      await letGo();
      await journals.forget(runId, journal);
      using mended = await journals.borrow(runId);
      await mended.journal.resolve(asked);
      // It holds after all: the reader may come again, and finds it open.
      throw new Fault("VOLUME_FAILED", { cause: error });
    }
  };
  return {
    journal,
    run,
    resolve: (asked) => orMended(journal.resolve(asked), asked),
    read: (position, bounds) => orMended(journal.read(position, bounds), { kind: "token", epoch: journal.epoch, ...position }),
    [Symbol.dispose]: release,
  };
}
