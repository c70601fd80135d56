import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import { implement, type ServedService } from "@clew/grpc/server";
import { EncodedStreamRunEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import type { PolicyOf } from "../access/policy.ts";
import { ticketSigner } from "../access/ticket-signer.ts";
import type { Uploads } from "../files/uploads.ts";
import type { RunModels } from "../models/run-models.ts";
import type { Catalogue } from "../playbooks/catalogue.ts";
import type { ParentSources } from "../prepare/demand-parent.ts";
import type { Isolation } from "../sandboxes/sandbox-provider.ts";
import type { CredentialSets } from "../secrets/credential-sets.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import type { Runs } from "../supervisor/runs.ts";
import type { Volume } from "../volume/volume.ts";
import { createRun } from "./create-run.ts";
import { createTicket } from "./create-ticket.ts";
import { dryRun } from "./dry-run.ts";
import { encodePage } from "./encode-page.ts";
import { getRun } from "./get-run.ts";
import type { Guard } from "./guard.ts";
import { header } from "./header.ts";
import { listArtifacts } from "./list-artifacts.ts";
import { listRuns } from "./list-runs.ts";
import { getPlaybook, listPlaybooks, validatePlaybook } from "./playbooks.ts";
import { readArtifact } from "./read-artifact.ts";
import { readEvents } from "./read-events.ts";
import { releaseRun } from "./release-run.ts";
import { sendInput } from "./send-input.ts";
import { stopRun } from "./stop-run.ts";
import { streamRunEvents } from "./stream-run-events.ts";
import { parseTraceparent } from "./traceparent.ts";
import { uploadFile } from "./upload-file.ts";

/** The public service, whose events are encoded where they are read: on the wire both forms are the same. */
const definition = {
  ...RunServiceService,
  readEvents: { ...RunServiceService.readEvents, responseSerialize: encodePage },
  streamRunEvents: {
    ...RunServiceService.streamRunEvents,
    responseSerialize: (frame: EncodedStreamRunEventsResponse): Buffer =>
      Buffer.from(EncodedStreamRunEventsResponse.encode(frame).finish()),
  },
};

/** What the public service stands on. */
export interface RunServiceOptions {
  readonly runs: Runs;
  readonly catalogue: Catalogue;
  readonly uploads: Uploads;
  readonly states: BrowserStates;
  readonly credentialSets: CredentialSets;
  readonly policyOf: PolicyOf;
  readonly models: RunModels;
  readonly parents: ParentSources;
  /** Names the addresses that no run reaches. */
  readonly forbidden?: () => readonly ForbiddenAddress[];
  /** Whether sandboxes can make videos, as a dry run says it. */
  readonly canRecordVideo?: () => Promise<boolean>;
  /** How sandboxes are kept apart, as a dry run says it. */
  readonly isolation?: Isolation;
  readonly volume: Volume;
  /** Decides who may call, and tells who did. */
  readonly guard: Guard;
}

/** Binds each call of the public service to the file that answers it. */
export function createRunService(options: RunServiceOptions): ServedService {
  const { runs, catalogue, uploads, volume, guard } = options;
  const of = (caller: Caller) => catalogue.of(caller.tenant);
  return implement(definition, {
    createRun: guard.once((request, caller, context) => {
      const traceparent = parseTraceparent(header(context, "traceparent"));
      return createRun(request, caller, traceparent, runs, { ...options, catalogue: of(caller) });
    }),
    dryRun: guard.once((request, caller) => dryRun(request, caller, { ...options, catalogue: of(caller) })),
    listRuns: guard.once((request, caller) => listRuns(request, caller, runs)),
    getRun: guard.once((request, caller, { signal }) => getRun(request, caller, runs, signal)),
    readEvents: guard.once((request, caller, { signal }) => readEvents(request, caller, runs, signal)),
    streamRunEvents: guard.stream((request, caller, { signal }) => streamRunEvents(request, caller, runs, signal)),
    stopRun: guard.once((request, caller) => stopRun(request, caller, runs)),
    releaseRun: guard.once((request, caller) => releaseRun(request, caller, runs, options.parents.sessions)),
    sendInput: guard.once((request, caller) => sendInput(request, caller, runs)),
    deleteRun: guard.once(async ({ runId }, caller) => {
      await runs.delete(runId, caller);
      return {};
    }),
    listArtifacts: guard.once((request, caller) => listArtifacts(request, caller, runs, volume)),
    readArtifact: guard.stream((request, caller) => readArtifact(request, caller, runs, volume)),
    createTicket: guard.once(async (request, caller) => createTicket(request, caller, runs, ticketSigner(volume))),
    listPlaybooks: guard.once((_request, caller) => listPlaybooks(of(caller))),
    getPlaybook: guard.once(({ playbookId }, caller) => getPlaybook(playbookId, of(caller))),
    validatePlaybook: guard.once(({ source }, caller) => validatePlaybook(source, of(caller))),
    uploadFile: guard.once((parts, caller) => uploadFile(parts, caller, uploads)),
  });
}
