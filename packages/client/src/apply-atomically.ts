import type { RunEvent } from "./run-event.ts";
import type { EventsOptions, RunHandle } from "./run-handle.ts";

/** Where the state that events are applied to is kept, with the token of the last event applied. */
export interface AtomicStore {
  /** Answers the token that was stored last; undefined before the first. */
  load(): Promise<string | undefined>;
  /**
   * Applies an event to the state and stores `token` in place of `previous`, all in one transaction: both or neither.
   * Throws where the stored token is not `previous`: somebody else has applied events meanwhile.
   */
  commit(change: AtomicChange): Promise<void>;
}

/** One event to apply, and the token that moves with it. */
export interface AtomicChange {
  readonly event: RunEvent;
  /** What to store: the event's resume token. */
  readonly token: string;
  /** What must be stored until now; undefined before the first. */
  readonly previous: string | undefined;
}

/**
 * Applies a run's events to a state of the caller's, each exactly once, also over crashes of this program at any instant, until the run ends.
 *
 * A stream alone delivers an event once to a program that lives; one that dies between applying an event and noting that it did would
 * apply it again, or never. Here state and token move in one transaction of the caller's store, so there is no between: begun again
 * after a crash, it goes on behind the last event whose transaction was committed. Throws what `load`, `commit` and the stream throw.
 */
export async function applyAtomically(
  run: Pick<RunHandle, "events">,
  { load, commit }: AtomicStore,
  options: Omit<EventsOptions, "after"> = {},
): Promise<void> {
  let previous = await load();
  for await (const event of run.events({ ...options, after: previous })) {
    const token = event.resumeToken;
    await commit({ event, token, previous });
    previous = token;
  }
}
