import type { Logger } from "@clew/process/logger";
import type { Disk } from "../journal/disk.ts";
import type { RunModels } from "../models/run-models.ts";
import type { Allowance } from "../queue/allowance.ts";
import type { Registry } from "../registry/registry.ts";
import type { Payload } from "../runs/event.ts";
import type { KeptRecords } from "../sandboxes/kept-records.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import type { CredentialSets } from "../secrets/credential-sets.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import type { KeptSessions } from "../states/kept-sessions.ts";
import type { Room } from "../volume/room.ts";
import type { Tombstones } from "../volume/tombstones.ts";
import type { Volume } from "../volume/volume.ts";

/** What keeping runs needs. */
export interface RunsOptions {
  readonly volume: Volume;
  readonly registry: Registry;
  readonly tombstones: Tombstones;
  readonly provider: SandboxProvider;
  /** Which sandboxes are kept though their runs are over. */
  readonly keptRecords: Pick<KeptRecords, "save" | "remove" | "list">;
  readonly maxConcurrentRuns: number;
  readonly maxQueuedRuns: number;
  /** What bounds a tenant's runs; without it they have equal shares and no bounds of their own. */
  readonly allowanceOf?: (tenant: string) => Allowance;
  readonly logger: Logger;
  /** The room on the volume; without it there is always some. */
  readonly room?: Room;
  /** Saved logins; without them none is read or saved. */
  readonly states?: BrowserStates;
  /** What runs leave for forks; without it they leave nothing. */
  readonly sessions?: KeptSessions;
  /** Credentials that the operator keeps; without them there are none. */
  readonly credentialSets?: CredentialSets;
  /** The models that runs may call; without them there are none. */
  readonly models?: RunModels;
  /** Told of events that became durable. It must not throw. */
  readonly onEvents?: (payloads: readonly Payload[]) => void;
  /** What journals are written to; the real file system unless given. */
  readonly disk?: Disk;
}
