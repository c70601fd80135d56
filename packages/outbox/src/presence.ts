import { startLease } from "@clew/streams/lease";

/** How long somebody may be away, and what happens then. */
export interface PresenceOptions {
  /** Milliseconds without a sign; only time this process was awake for counts. */
  readonly graceMs: number;
  /** Called once, when they have passed. */
  readonly onAbsent: () => void;
}

/** Whether the orchestrator is still there: by its calls and its open streams. */
export interface Presence extends Disposable {
  /** Notes a call. */
  note(): void;
  /** Counts as present until it is disposed: for an open stream. */
  hold(): Disposable;
}

/** Starts to watch. */
export function watchPresence({ graceMs, onAbsent }: PresenceOptions): Presence {
  const lease = startLease({ ttlMs: graceMs, onExpire: onAbsent });
  let held = 0;
  const renewHeld = setInterval(
    () => {
      if (held > 0) lease.renew();
    },
    Math.min(500, graceMs / 8),
  );
  return {
    note: () => lease.renew(),
    hold() {
      held += 1;
      lease.renew();
      return {
        [Symbol.dispose]() {
          held -= 1;
          lease.renew();
        },
      };
    },
    [Symbol.dispose]() {
      clearInterval(renewHeld);
      lease[Symbol.dispose]();
    },
  };
}
