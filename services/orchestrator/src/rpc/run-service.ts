import { implement, type ServedService } from "@clew/grpc/server";
import { EncodedReadEventsResponse, EncodedStreamRunEventsResponse, type MessageFns } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { ApiKey } from "../access/keys.ts";
import type { Uploads } from "../files/uploads.ts";
import type { Catalogue } from "../playbooks/catalogue.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import type { Runs } from "../supervisor/runs.ts";
import type { Volume } from "../volume/volume.ts";
import { createIdentify, header } from "./caller.ts";
import { createRun } from "./create-run.ts";
import { createTicket } from "./create-ticket.ts";
import { dryRun } from "./dry-run.ts";
import { getRun } from "./get-run.ts";
import { listArtifacts } from "./list-artifacts.ts";
import { listRuns } from "./list-runs.ts";
import { getPlaybook, listPlaybooks, validatePlaybook } from "./playbooks.ts";
import { readArtifact } from "./read-artifact.ts";
import { readEvents } from "./read-events.ts";
import { sendInput } from "./send-input.ts";
import { stopRun } from "./stop-run.ts";
import { streamRunEvents } from "./stream-run-events.ts";
import { parseTraceparent } from "./traceparent.ts";
import { uploadFile } from "./upload-file.ts";

/** The public service, whose events are encoded where they are read: on the wire both forms are the same. */
const definition = {
  ...RunServiceService,
  readEvents: { ...RunServiceService.readEvents, ...encodedBy(EncodedReadEventsResponse) },
  streamRunEvents: { ...RunServiceService.streamRunEvents, ...encodedBy(EncodedStreamRunEventsResponse) },
};

function encodedBy<T>(message: MessageFns<T>) {
  return {
    responseSerialize: (value: T): Buffer => Buffer.from(message.encode(value).finish()),
    responseDeserialize: (bytes: Buffer): T => message.decode(bytes),
  };
}

/** What the public service stands on. */
export interface RunServiceOptions {
  readonly runs: Runs;
  readonly catalogue: Catalogue;
  readonly uploads: Uploads;
  readonly states: BrowserStates;
  readonly volume: Volume;
  /** Of callers, and of the gateways. */
  readonly keys: readonly ApiKey[];
}

/** Binds each call of the public service to the file that answers it. */
export function createRunService({ runs, catalogue, uploads, states, volume, keys }: RunServiceOptions): ServedService {
  const signTicket = (text: string) => volume.sign("ticket", text);
  const identify = createIdentify({ keys, signTicket });
  const sources = { catalogue, uploads, states };
  return implement(definition, {
    createRun: async (request, context) => {
      const traceparent = parseTraceparent(header(context, "traceparent"));
      return createRun(request, identify(context, "write"), traceparent, runs, sources);
    },
    dryRun: async (request, context) => dryRun(request, identify(context, "readTenant"), sources),
    listRuns: async (request, context) => listRuns(request, identify(context, "readTenant"), runs),
    getRun: async (request, context) => getRun(request, identify(context, "readRun"), runs, context.signal),
    readEvents: async (request, context) => readEvents(request, identify(context, "readRun"), runs, context.signal),
    streamRunEvents: (request, context) => streamRunEvents(request, identify(context, "readRun"), runs, context.signal),
    stopRun: async (request, context) => stopRun(request, identify(context, "write"), runs),
    sendInput: async (request, context) => sendInput(request, identify(context, "answer"), runs),
    deleteRun: async ({ runId }, context) => {
      await runs.delete(runId, identify(context, "write"));
      return {};
    },
    listArtifacts: async (request, context) => listArtifacts(request, identify(context, "readArtifact"), runs, volume),
    readArtifact: (request, context) => readArtifact(request, identify(context, "readArtifact"), runs, volume),
    createTicket: async (request, context) => createTicket(request, identify(context, "readTenant"), runs, signTicket),
    listPlaybooks: async (_request, context) => {
      identify(context, "readTenant");
      return listPlaybooks(catalogue);
    },
    getPlaybook: async ({ playbookId }, context) => {
      identify(context, "readTenant");
      return getPlaybook(playbookId, catalogue);
    },
    validatePlaybook: async ({ source }, context) => {
      identify(context, "readTenant");
      return validatePlaybook(source, catalogue);
    },
    uploadFile: async (parts, context) => uploadFile(parts, identify(context, "write"), uploads),
  });
}
