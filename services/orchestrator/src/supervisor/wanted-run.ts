import type { Caller } from "../access/caller.ts";
import type { ResolvedWork } from "../playbooks/resolve-work.ts";

/** A run that a caller wants. */
export interface WantedRun {
  /** Finds what it will run, and with what; asked only where the run is really made. */
  readonly resolve: () => Promise<ResolvedWork>;
  readonly caller: Caller;
  readonly traceparent: string | undefined;
}
