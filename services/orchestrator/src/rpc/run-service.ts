import { Fault } from "@clew/fault/fault";
import { implement, type ServedService } from "@clew/grpc/server";
import type { CallContext } from "@clew/grpc/service";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Catalogue } from "../playbooks/catalogue.ts";
import type { Runs } from "../supervisor/runs.ts";
import type { Volume } from "../volume/volume.ts";
import { header, type Identify } from "./caller.ts";
import { createRun } from "./create-run.ts";
import { waitMs } from "./duration.ts";
import { listRuns } from "./list-runs.ts";
import { getPlaybook, listPlaybooks, validatePlaybook } from "./playbooks.ts";
import { readArtifact } from "./read-artifact.ts";
import { readEvents } from "./read-events.ts";
import { stopRun } from "./stop-run.ts";
import { streamRunEvents } from "./stream-run-events.ts";

/** What the public service stands on. */
export interface RunServiceOptions {
  readonly runs: Runs;
  readonly catalogue: Catalogue;
  readonly volume: Volume;
  readonly identify: Identify;
}

/** Binds each call of the public service to the file that answers it. */
export function createRunService({ runs, catalogue, volume, identify }: RunServiceOptions): ServedService {
  const notBuilt = async (_request: unknown, context: CallContext): Promise<never> => {
    identify(context, "read");
    throw new Fault("NOT_IMPLEMENTED");
  };
  return implement(RunServiceService, {
    createRun: async (request, context) => createRun(request, identify(context, "run"), header(context, "traceparent"), runs, catalogue),
    listRuns: async (request, context) => listRuns(request, identify(context, "read"), runs),
    getRun: async ({ runId, wait }, context) => ({
      run: await runs.waitForEnd(runId, identify(context, "read"), waitMs(wait), context.signal),
    }),
    readEvents: async (request, context) => readEvents(request, identify(context, "read"), runs, context.signal),
    streamRunEvents: (request, context) => streamRunEvents(request, identify(context, "read"), runs, context.signal),
    stopRun: async (request, context) => stopRun(request, identify(context, "run"), runs),
    deleteRun: async ({ runId }, context) => {
      await runs.delete(runId, identify(context, "run"));
      return {};
    },
    listArtifacts: async ({ runId }, context) => ({ artifacts: runs.artifacts(runId, identify(context, "read")) }),
    readArtifact: (request, context) => readArtifact(request, identify(context, "read"), runs, volume),
    listPlaybooks: async (_request, context) => {
      identify(context, "read");
      return listPlaybooks(catalogue);
    },
    getPlaybook: async ({ playbookId }, context) => {
      identify(context, "read");
      return getPlaybook(playbookId, catalogue);
    },
    validatePlaybook: async ({ source }, context) => {
      identify(context, "read");
      return validatePlaybook(source);
    },
    dryRun: notBuilt,
    sendInput: notBuilt,
    uploadFile: notBuilt,
    createTicket: notBuilt,
  });
}
