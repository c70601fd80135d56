import { Fault } from "@clew/fault/fault";
import type { ServedService } from "@clew/grpc/server";
import type { CallContext } from "@clew/grpc/service";
import { KeyRing } from "@clew/orchestrator/access/key-ring";
import { usualPolicy } from "@clew/orchestrator/access/policy";
import { ticketSigner } from "@clew/orchestrator/access/ticket-signer";
import { Uploads } from "@clew/orchestrator/files/uploads";
import { RunModels } from "@clew/orchestrator/models/run-models";
import { Catalogue } from "@clew/orchestrator/playbooks/catalogue";
import { Registry } from "@clew/orchestrator/registry/registry";
import type { Page } from "@clew/orchestrator/rpc/encode-page";
import { Guard } from "@clew/orchestrator/rpc/guard";
import { createRunService } from "@clew/orchestrator/rpc/run-service";
import { CredentialSets } from "@clew/orchestrator/secrets/credential-sets";
import { BrowserStates } from "@clew/orchestrator/states/browser-states";
import { KeptSessions } from "@clew/orchestrator/states/kept-sessions";
import { Runs } from "@clew/orchestrator/supervisor/runs";
import { Tombstones } from "@clew/orchestrator/volume/tombstones";
import { openVolume } from "@clew/orchestrator/volume/volume";
import { createLogger } from "@clew/process/logger";
import type { EncodedStreamRunEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { linkSignals } from "@clew/streams/linked-signal";
import { isDurable } from "./durable-record.ts";
import { createSimulatedProvider } from "./sandbox-provider.ts";
import type { Stage } from "./stage.ts";

/** Where the orchestrator listens. */
export const orchestratorAddress = "orchestrator";
/** Where its volume is. */
export const volumeFolder = "/volume";

/** A running orchestrator. */
export interface SimulatedOrchestrator {
  /** Lets go of everything, as SIGTERM does. */
  handOver(): Promise<void>;
  /** Whether no run is under way or waits, for a slot or to be opened. */
  isIdle(): boolean;
}

const logger = createLogger({ name: "orchestrator", level: "silent" });
const closeMs = 2_000;

/** Starts the orchestrator as `startOrchestrator` does, but for the lock of the volume and the gRPC server. */
export async function startSimulatedOrchestrator(stage: Stage): Promise<SimulatedOrchestrator> {
  const volume = await openVolume(volumeFolder);
  const registry = new Registry(volumeFolder);
  const runs = new Runs({
    volume,
    registry,
    tombstones: await Tombstones.open(volumeFolder),
    provider: createSimulatedProvider(stage),
    keptRecords: { save: async () => {}, remove: async () => {}, list: async () => ({ records: [], isWhole: true }) },
    maxConcurrentRuns: 2,
    maxQueuedRuns: 10,
    logger,
  });
  await runs.recover();
  const catalogue = await Catalogue.open(undefined);
  const states = await BrowserStates.open(volumeFolder, undefined);
  const guard = new Guard({ ring: new KeyRing([]), signTicket: ticketSigner(volume) });
  const service = createRunService({
    runs,
    volume,
    catalogue,
    uploads: new Uploads({ volumeFolder }),
    states,
    parents: {
      sessions: new KeptSessions({ volume, states }),
      findRun: (runId, tenant) => runs.get(runId, { tenant, reach: "tenant" }),
      demandKept: (parent) => runs.demandKept(parent),
    },
    credentialSets: new CredentialSets(undefined),
    policyOf: () => usualPolicy,
    models: new RunModels({ standard: undefined, fallback: undefined, utility: undefined, prices: undefined, providers: {} }),
    guard,
  });
  const closing = new AbortController();
  const open = new Set<Promise<void>>();
  const listening = stage.network.listen(orchestratorAddress, [watched(service, stage, closing.signal, open)]);
  return {
    isIdle: () => Object.values(runs.load).every((count) => count === 0),
    async handOver() {
      listening[Symbol.dispose]();
      closing.abort(new Fault("SHUTTING_DOWN"));
      await Promise.race([Promise.allSettled(open), stage.world.sleep(closeMs)]);
      await runs[Symbol.asyncDispose]();
      registry[Symbol.dispose]();
      guard[Symbol.dispose]();
    },
  };
}

/** Ends calls when the service closes, and notes each event that is given away. */
function watched(
  { description, implementation }: ServedService,
  stage: Stage,
  closing: AbortSignal,
  open: Set<Promise<void>>,
): ServedService {
  const note = (events: readonly Uint8Array[]) => {
    for (const { runId, sequence, resumeToken } of events.map((bytes) => RunEvent.decode(bytes)))
      stage.note({ kind: "served", runId, sequence, durable: isDurable(stage.disk, `${volumeFolder}/runs/${runId}`, runId, resumeToken) });
  };
  const enter = (context: CallContext) => {
    // A server that closes takes no more calls.
    closing.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    open.add(promise);
    const link = linkSignals(context.signal, closing);
    const leave = () => {
      link[Symbol.dispose]();
      open.delete(promise);
      resolve();
    };
    return { inner: { ...context, signal: link.signal }, [Symbol.dispose]: leave };
  };
  const wrapped = Object.entries(implementation).map(([name, handler]) => {
    const once = async (request: never, context: CallContext) => {
      using call = enter(context);
      const response = await handler(request, call.inner);
      if (name === "readEvents") note((response as Page).copies.events);
      return response;
    };
    const many = async function* (request: never, context: CallContext) {
      using call = enter(context);
      for await (const response of handler(request, call.inner) as AsyncIterable<EncodedStreamRunEventsResponse>) {
        if (response.frame?.$case === "events") note(response.frame.value.events);
        yield response;
      }
    };
    return [name, description[name]?.responseStream === true ? many : once];
  });
  return { description, implementation: Object.fromEntries(wrapped) };
}
