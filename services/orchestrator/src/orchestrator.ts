import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { atMachine } from "@clew/egress/at-machine";
import { startGrpcServer } from "@clew/grpc/server";
import { formatAddress } from "@clew/process/address";
import type { Logger } from "@clew/process/logger";
import { machineAddresses } from "@clew/process/machine-addresses";
import { SettingsError } from "@clew/process/settings";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { AccessWatch } from "./access/access-watch.ts";
import { ticketSigner } from "./access/ticket-signer.ts";
import { AuditLog } from "./audit/audit-log.ts";
import type { Config } from "./config.ts";
import { Uploads } from "./files/uploads.ts";
import { nodeDisk } from "./journal/disk.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { serveMetrics } from "./metrics/serve-metrics.ts";
import { timedDisk } from "./metrics/timed-disk.ts";
import { RunModels } from "./models/run-models.ts";
import { Catalogue } from "./playbooks/catalogue.ts";
import { Registry } from "./registry/registry.ts";
import { Sweeper } from "./retention/sweeper.ts";
import { createCallLog } from "./rpc/call-log.ts";
import { Guard } from "./rpc/guard.ts";
import { createHealth } from "./rpc/health.ts";
import { addReflection } from "./rpc/reflection.ts";
import { createRunService } from "./rpc/run-service.ts";
import { limits } from "./runs/limits.ts";
import { findFfmpeg } from "./sandboxes/find-ffmpeg.ts";
import { allForbidden } from "./sandboxes/forbidden-addresses.ts";
import { Janitor } from "./sandboxes/janitor.ts";
import { KeptRecords } from "./sandboxes/kept-records.ts";
import { noteLentGroup } from "./sandboxes/lent-groups.ts";
import { createLocalProvider } from "./sandboxes/local-provider.ts";
import { OwnAddresses } from "./sandboxes/own-addresses.ts";
import { demandControlGroups } from "./sandboxes/prove-control-groups.ts";
import { demandIsolation } from "./sandboxes/prove-isolation.ts";
import { markOf } from "./sandboxes/sandbox-id.ts";
import { SandboxLauncher } from "./sandboxes/sandbox-launcher.ts";
import { sandboxPrograms } from "./sandboxes/sandbox-programs.ts";
import { sandboxSecrets } from "./sandboxes/sandbox-secrets.ts";
import { warmFolder } from "./sandboxes/warm-folder.ts";
import { WarmPool } from "./sandboxes/warm-pool.ts";
import { CredentialSets } from "./secrets/credential-sets.ts";
import { BrowserStates } from "./states/browser-states.ts";
import { KeptSessions } from "./states/kept-sessions.ts";
import { Runs } from "./supervisor/runs.ts";
import { takeVolume } from "./volume/take-volume.ts";
import { Tombstones } from "./volume/tombstones.ts";
import { unusableVolume } from "./volume/unusable.ts";

/** A running orchestrator. Disposing it hands over: runs under way are left for the next one on the volume. */
export interface Orchestrator extends AsyncDisposable {
  /** Where it listens. */
  readonly address: string;
  /** Stops every run under way, waiting at most `timeoutMs`; queued runs stay queued. */
  stopRuns(timeoutMs: number): Promise<void>;
}

const stopGraceSeconds = 5;
/** Milliseconds that the warden of a warm sandbox leaves to the pool to end it for its age. */
const warmGraceMs = 60_000;

/** Starts an orchestrator on its volume: recovers what is there, then listens. `agentPath` is what works in sandboxes in the agent's place. */
export async function startOrchestrator(config: Config, logger: Logger, agentPath?: string): Promise<Orchestrator> {
  await using started = new AsyncDisposableStack();
  const { volume, room } = started.use(
    await takeVolume(config.volume, {
      logger,
      onLost: () => {
        logger.fatal("volume was replaced while in use");
        process.exit(1);
      },
    }),
  );
  const registry = started.use(openRegistry(config.volume));
  const programs = sandboxPrograms({ chromiumPath: config.chromium.executablePath, ...(agentPath === undefined ? {} : { agentPath }) });
  const isIsolated = config.sandbox === "bubblewrap";
  if (isIsolated) await demandIsolation(programs, config.hiddenPlaces);
  const lentGroup = config.controlGroup === undefined ? undefined : await demandControlGroups(config.controlGroup, markOf(volume));
  const lentGroups = await noteLentGroup(config.volume, lentGroup);
  const elsewhere = started.use(await OwnAddresses.open({ addresses: config.ownAddresses, log: logger }));
  const metrics = createMetrics();
  const serving = config.metricsAddress && started.use(await serveMetrics(config.metricsAddress, metrics));
  let here = serving === undefined ? [config.address] : [config.address, serving.address];
  const forbidden = () => allForbidden(config, here, elsewhere.forbidden);
  const secretOf = sandboxSecrets(volume);
  const sandboxOptions = {
    ...programs,
    secretOf,
    volumeMark: markOf(volume),
    isolation: isIsolated ? ({ kind: "bubblewrap", readable: programs.readable } as const) : ({ kind: "process" } as const),
    chromium: { executablePath: programs.chromiumPath, sandbox: config.chromium.sandbox },
    headless: config.headless,
    forbidden,
    lentGroup,
    limits: config.sandboxLimits,
    adoptionGraceMs: config.adoptionGraceMs,
    silenceMs: config.sandboxSilenceMs,
    socketFolder: config.socketFolder,
    caCertificates: config.caCertificates,
    sharedFolder: warmFolder(volume),
    mostWaitMs: config.warm.ageMs + warmGraceMs,
    log: logger,
  };
  const launcher = new SandboxLauncher(sandboxOptions);
  const pool = new WarmPool({
    launcher,
    secretOf,
    folder: warmFolder(volume),
    bounds: config.warm,
    freeSlots: () => config.maxConcurrentRuns - runs.load.running - runs.load.kept,
    runBytes: config.sandboxLimits.memoryBytes,
    log: logger,
  });
  const provider = createLocalProvider(sandboxOptions, launcher, pool);
  const { maxConcurrentRuns, maxQueuedRuns } = config;
  const access = started.use(await AccessWatch.start({ ...config, logger }));
  const audit = started.use(new AuditLog({ folder: join(config.volume, "audit"), logger }));
  const guard = started.use(new Guard({ ring: access.ring, signTicket: ticketSigner(volume), audit }));
  const states = await BrowserStates.open(config.volume, config.stateKey);
  const sessions = new KeptSessions({ volume, states });
  const credentialSets = new CredentialSets(config.secrets);
  const models = new RunModels(config.models);
  const uploads = new Uploads({ volumeFolder: config.volume, room });
  const keptRecords = await KeptRecords.open(volume, logger);
  const runs = started.use(
    new Runs({
      volume,
      registry,
      tombstones: await Tombstones.open(config.volume),
      provider,
      keptRecords,
      maxConcurrentRuns,
      maxQueuedRuns,
      allowanceOf: access.policyOf,
      logger,
      room,
      states,
      sessions,
      credentialSets,
      models,
      onEvents: metrics.hear,
      disk: timedDisk(nodeDisk, metrics.synced),
    }),
  );
  const waiting = [...registry.ids().values()].filter((state) => state === Run_State.QUEUED).length;
  if (waiting > 0) logger.info({ queued: waiting }, "queued runs were found");
  const janitor = started.use(
    new Janitor({ volume, registry, provider, keptRecords, socketFolder: config.socketFolder, lentGroups, logger }),
  );
  await janitor.clearSandboxes();
  metrics.watch({
    runsByState: () => registry.countByState(),
    load: () => runs.load,
    slots: maxConcurrentRuns,
    warm: () => ({ ...pool.size, ...pool.claims }),
    leftovers: () => janitor.found,
    isVolumeFull: () => room.isFull,
  });
  // Before anyone can ask: a reader must never open a journal that is about to be written.
  await runs.recover();
  janitor.clearRuns();
  started.use(new Sweeper({ retention: config.retention, registry, runs, volume, uploads, logger }));
  const health = createHealth();
  const catalogue = await Catalogue.open(config.playbooks);
  const server = started.use(
    await startGrpcServer({
      address: formatAddress(config.address),
      maxRequestBytes: limits.requestBytes,
      services: [
        createRunService({
          runs,
          catalogue,
          uploads,
          states,
          parents: {
            sessions,
            findRun: (runId, tenant) => runs.get(runId, { tenant, reach: "tenant" }),
            demandKept: (parent) => runs.demandKept(parent),
          },
          volume,
          credentialSets,
          policyOf: access.policyOf,
          models,
          forbidden: () => atMachine(forbidden(), machineAddresses),
          isolation: config.sandbox,
          canRecordVideo: async () => (await findFfmpeg(programs.chromiumPath)) !== undefined,
          guard,
        }),
      ],
      observe: createCallLog(logger, randomUUID),
      onUnexpected: (error, path) => logger.error({ error, path }, "call failed unexpectedly"),
      extend(grpc) {
        health.addToServer(grpc);
        addReflection(grpc);
      },
    }).catch((error: unknown) => {
      throw new SettingsError(
        `CLEW_ORCHESTRATOR_ADDRESS: cannot listen on ${formatAddress(config.address)}; stop what listens there, or set another address`,
        { cause: error },
      );
    }),
  );
  health.setStatus("", "SERVING");
  started.use(pool).open();
  const listening = config.address.kind === "tcp" ? { ...config.address, port: server.port } : config.address;
  here = [listening, ...here.slice(1)];
  const all = started.move();
  return {
    address: formatAddress(listening),
    stopRuns(timeoutMs) {
      health.setStatus("", "NOT_SERVING");
      const { queued } = runs.load;
      if (queued > 0) logger.info({ queued }, "queued runs stay queued");
      return runs.stopAll(stopGraceSeconds, AbortSignal.timeout(timeoutMs));
    },
    [Symbol.asyncDispose]() {
      health.setStatus("", "NOT_SERVING");
      return all.disposeAsync();
    },
  };
}

function openRegistry(volumeFolder: string): Registry {
  try {
    return new Registry(volumeFolder);
  } catch (error) {
    throw unusableVolume(error);
  }
}
