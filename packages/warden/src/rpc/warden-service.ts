import type { Implementation } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ClaimSlot } from "../claim.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Stays } from "../stay.ts";
import { claimSandbox } from "./claim-sandbox.ts";
import { getSandbox } from "./get-sandbox.ts";
import { holdSecrets } from "./hold-secrets.ts";
import { keepSandbox } from "./keep-sandbox.ts";
import { killSandbox } from "./kill-sandbox.ts";
import { readWorkFile } from "./read-work-file.ts";
import { recallSecrets } from "./recall-secrets.ts";
import { releaseSandbox } from "./release-sandbox.ts";
import { setDeadline } from "./set-deadline.ts";

/** What the warden's calls work on. */
export interface WardenParts {
  readonly slot: ClaimSlot;
  readonly sandbox: Sandbox;
  readonly stays: Stays;
  /** Ends what is left, removes the folder, and lets the warden exit. */
  readonly release: () => Promise<void>;
}

/** Binds the warden's calls. */
export function createWardenService({ slot, sandbox, stays, release }: WardenParts): Implementation<WardenServiceService> {
  const held = new Set<string>();
  return {
    getSandbox: getSandbox(slot, sandbox),
    setDeadline: setDeadline(sandbox),
    killSandbox: killSandbox(sandbox),
    readWorkFile: readWorkFile(() => stays.current.files),
    releaseSandbox: releaseSandbox(release),
    keepSandbox: keepSandbox(slot, sandbox),
    claimSandbox: claimSandbox(slot, sandbox),
    holdSecrets: holdSecrets(held),
    recallSecrets: recallSecrets(held),
  };
}
