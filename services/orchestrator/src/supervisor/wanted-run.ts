import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { Caller } from "../access/caller.ts";
import type { ResolvedWork } from "../playbooks/resolve-work.ts";

/** A run that a caller wants, its spec checked and filled in. */
export interface WantedRun {
  /** With the credentials. */
  readonly spec: RunSpec;
  /** Finds what it will run; asked only where the run is really made. */
  readonly resolve: () => Promise<ResolvedWork>;
  readonly caller: Caller;
  readonly traceparent: string | undefined;
}
