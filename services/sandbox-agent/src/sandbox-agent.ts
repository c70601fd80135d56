import { mkdir, rm, unlink } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import { openOutbox } from "@clew/outbox/outbox";
import { watchPresence } from "@clew/outbox/presence";
import { agentPlacesOf } from "@clew/outbox/work-folder";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import type { Logger } from "@clew/process/logger";
import { SandboxAgentServiceService, SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { abortable } from "@clew/streams/abortable";
import { type AgentSettings, readSearchPath } from "./config.ts";
import { createAskWarden } from "./egress/ask-warden.ts";
import { provideFfmpeg } from "./recording/provide-ffmpeg.ts";
import type { Report } from "./report.ts";
import { createSandboxAgentService } from "./rpc/sandbox-agent-service.ts";
import { WorkSlot } from "./rpc/work-slot.ts";
import type { SandboxBrowser } from "./start-browser.ts";

/** Why an agent ends by itself. */
export type AgentEnd = "BROWSER_LOST" | "ORCHESTRATOR_ABSENT";

/** A running agent. Disposing it ends work under way without an outcome, and closes its socket, its browser and its outbox. */
export interface SandboxAgent extends AsyncDisposable {
  /** The browser's name and version. */
  readonly browserVersion: string;
  /** Resolves when there is nothing left to stay for. */
  readonly ended: Promise<AgentEnd>;
}

/** Milliseconds a running action has when nobody is there any more. */
const absentStopMs = 5_000;

/** Starts the agent: outbox, browser, socket. Rejects when one of them cannot be had. `launching` is disposed with it. */
export async function startSandboxAgent(settings: AgentSettings, launching: Promise<SandboxBrowser>, log: Logger): Promise<SandboxAgent> {
  await using parts = new AsyncDisposableStack();
  const { workFolder } = settings;
  let outbox = openOutbox({ file: agentPlacesOf(workFolder).agentOutbox });
  let stay = 1;
  let isKept = false;
  // What one run's work is not to say, that of a later one is not to say either.
  const secrets = new KnownSecrets([]);
  parts.defer(() => outbox[Symbol.dispose]());
  const askWarden = createAskWarden(settings.egressSocket);
  // Loaded while the browser starts: it is most of all code.
  const prepares = import("./prepare-work.ts");
  const loaded = loadWork();
  const launched = launching.then((started) => parts.use(started).browser);
  const [browser, { prepareWork }] = await Promise.all([launched, prepares]);
  if (!settings.isWaiting) prepareWork(browser);
  const { startWork, rehearse, modelsOf } = await loaded;
  const claimed = new AbortController();
  const rehearsed = settings.isWaiting ? rehearse({ browser, workFolder, askWarden, log, signal: claimed.signal }) : Promise.resolve();
  const prepared = rehearsed.then(() => (settings.isWaiting ? prepareWork(browser) : undefined));
  const places = { chromiumPath: settings.chromiumPath, searchPath: readSearchPath() };
  const slot = new WorkSlot({
    begin(request) {
      log.info({ run: request.runId, attempt: request.attempt }, "work begins");
      isKept = false;
      claimed.abort(new Fault("CANCELLED"));
      const models = modelsOf(request, settings.socketPath);
      // What its work says late is not taken for another's.
      const own = outbox;
      const report: Report = {
        say: async (event) => void (await own.append(event)),
        confirm: async (event) => await own.waitAcknowledged(await own.append(event)),
      };
      const work = startWork({
        request,
        askModel: models?.ask,
        browser,
        prepared,
        report,
        workFolder,
        stay,
        secrets,
        askWarden,
        log,
        provideFfmpeg: () => provideFfmpeg(places),
      });
      void work.done
        .catch((error: unknown) => log.error({ err: error }, "work failed unexpectedly"))
        .then(() => own.finish())
        .then(() => {
          isKept = browser.hasLeftPage;
          return Promise.all([isKept || browser[Symbol.asyncDispose](), models?.[Symbol.asyncDispose]()]);
        })
        .catch((error: unknown) => log.error({ err: error }, "work could not be finished"));
      return work;
    },
    next: { isLeft: () => browser.hasLeftPage, make: beginStay },
  });
  const absent = Promise.withResolvers<AgentEnd>();
  const presence = parts.use(watchPresence({ graceMs: settings.graceMs, onAbsent: () => absent.resolve("ORCHESTRATOR_ABSENT") }));
  const proof = channelCredentials(settings.secret);
  await unlink(settings.socketPath).catch(() => {});
  parts.use(
    await startGrpcServer({
      address: `unix:${settings.socketPath}`,
      services: [
        implement(
          SandboxEventServiceService,
          createEventService(() => outbox, presence),
        ),
        implement(SandboxAgentServiceService, createSandboxAgentService(slot)),
      ],
      authorize(context) {
        proof.authorize(context);
        presence.note();
      },
      onUnexpected: (error, path) => log.error({ err: error, path }, "call failed unexpectedly"),
    }),
  );
  const running = parts.move();
  const abandon = (graceMs: number) =>
    slot.stop(graceMs, new Fault("SANDBOX_LOST", { message: "The sandbox ended before this was done." }));
  return {
    browserVersion: browser.version,
    ended: Promise.race([
      absent.promise.then(async (why) => {
        await abortable(abandon(absentStopMs), AbortSignal.timeout(absentStopMs + 2_000)).catch(() => {});
        return why;
      }),
      // Work that has begun deals with a lost browser itself, and says so.
      browser.closed.then(() => (slot.isTaken && !isKept ? absent.promise : "BROWSER_LOST")),
      aborted(browser.crashed).then(() => (slot.isTaken && !isKept ? absent.promise : "BROWSER_LOST")),
    ]),
    async [Symbol.asyncDispose]() {
      // First of all: work whose browser is closed under it would take that for its own failure, and publish it.
      void abandon(0);
      await running.disposeAsync();
      await unlink(settings.socketPath).catch(() => {});
    },
  };

  /** What the run before was given and left is gone before another's work begins. */
  async function beginStay(next: number): Promise<void> {
    const [before, places] = [agentPlacesOf(workFolder, stay), agentPlacesOf(workFolder, next)];
    outbox[Symbol.dispose]();
    for (const path of [before.agentOutbox, before.files, before.inputs]) await rm(path, { recursive: true, force: true });
    for (const folder of [places.files, places.inputs]) await mkdir(folder, { recursive: true, mode: 0o700 });
    stay = next;
    outbox = openOutbox({ file: places.agentOutbox });
  }
}

async function loadWork() {
  const [{ startWork }, { rehearse, rehearsePlan }, { modelsOf }] = await Promise.all([
    import("./work.ts"),
    import("./rehearse.ts"),
    import("./agent/model/models-of.ts"),
  ]);
  rehearsePlan();
  return { startWork, rehearse, modelsOf };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
