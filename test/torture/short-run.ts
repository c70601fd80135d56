import { createServer } from "node:http";
import { createClew, type RunEvent } from "@clew/client";
import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import type { KnownEvent } from "../support/delivery.ts";
import type { Fleet } from "../support/fleet.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { endOf } from "./counters.ts";
import { cutPower, orphanSandboxes } from "./power-cut.ts";
import { sandboxMembers, signalTo } from "./sandboxes.ts";

/** When it is done: while the sandbox starts, acts, waits for the page, has told its outcome, or is taken over by the next orchestrator. */
const moments = ["launching", "acting", "idle", "finalizing", "adopting"] as const;

/** Whom it is done to; some oftener than others, and sometimes nobody. */
const victims = [
  ...["warden", "warden", "bwrap", "bwrap", "agent", "agent", "agent", "browser", "browser", "browser", "nobody"],
  ...["orchestrator", "orchestrator", "gateway", "warden and orchestrator", "all"],
] as const;

/** Milliseconds after which what comes late on the page is there. */
const lateMs = 600;
/** How many of the runs make a trace, which takes time to end and may be cut off. */
const tracedShare = 0.3;
/** How many of the runs keep their sandbox, and for how long: whoever is killed meanwhile, it ends in time. */
const keptShare = 0.25;
const keepSeconds = 3;
/** Milliseconds a run has to its end. */
const patienceMs = 150_000;

const short = `id: short
parameters: [{ name: page }]
steps:
  - { action: goto, params: { url: "{page}" } }
  - { action: wait_for, selector: "#late" }
`;

/** The one page of all short runs. Dispose it. */
export interface ShortPage extends AsyncDisposable {
  readonly url: string;
}

/** What short runs share. */
export interface ShortSite {
  readonly fleet: Fleet;
  readonly page: ShortPage;
  /** Gets the runs there are. */
  readonly begun: string[];
  /** The runs that go on. */
  readonly going: Set<string>;
  /** The runs of which a process was killed. */
  readonly harmed: Set<string>;
  /** Does what starts services again one after the other. */
  readonly inTurn: (work: () => Promise<unknown>) => Promise<void>;
  readonly onKill: (what: string) => void;
}

/** Serves a page on which something comes late. */
export async function serveShortPage(): Promise<ShortPage> {
  const html = `<title>short</title><h1>Short</h1><script>setTimeout(() => { document.body.append(Object.assign(document.createElement("p"), { id: "late", textContent: "late" })) }, ${lateMs})</script>`;
  const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the page has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Does work one piece after the other, whoever asks for it. */
export function oneAfterTheOther(): ShortSite["inTurn"] {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    await mine;
  };
}

/** Begins the shortest of runs, kills somebody at an instant of chance's, and stays with it to its end. */
export async function killShortRun(site: ShortSite, requestId: string, random: SeededRandom): Promise<void> {
  const [moment, victim] = [random.pick(moments), random.pick(victims)];
  const signal = AbortSignal.timeout(patienceMs);
  const clew = createClew({ url: `http://${random.pick(site.fleet.gateways).address}`, patienceMs: 60_000 });
  const spec = {
    playbookSource: short,
    recording: { trace: random.next() < tracedShare },
    ...(random.next() < keptShare && { keepAliveSeconds: keepSeconds }),
    params: { page: site.page.url },
    guardrails: { allowedPrivateHosts: [new URL(site.page.url).host] },
  };
  const run = await untilAnswered(() => clew.createRun(spec, { requestId }), signal);
  site.begun.push(run.id);
  site.going.add(run.id);
  const killing: Promise<void>[] = [];
  for await (const event of run.events({ signal })) {
    if (killing.length > 0 || !isAt(moment, event)) continue;
    const afterMs = random.integer(0, mostMs[moment]);
    killing.push(delay(afterMs).then(() => strike(site, run.id, moment, victim, random)));
  }
  await Promise.all(killing);
  site.going.delete(run.id);
}

/** Asks again, with the same request id, where services that are being killed did not answer in time. */
async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || Fault.from(error).reason !== "DEADLINE_EXCEEDED") throw error;
    }
  }
}

/** Finds what is wrong with how a short run ended. */
export function checkShortEnd(runId: string, record: readonly KnownEvent[], isHarmed: boolean): readonly string[] {
  const state = endOf(record);
  const last = record.at(-1)?.json ?? "";
  const why = /"reason":"([A-Z_]+)"/.exec(last)?.[1];
  if (why === "INTERNAL") return [`${runId}: ended INTERNAL: whatever is done to it has a name: ${last}`];
  return state === "COMPLETED" || isHarmed ? [] : [`${runId}: ${state} ${why}, and nobody harmed its sandbox: ${last}`];
}

type Moment = (typeof moments)[number];

/** Milliseconds after a moment began in which somebody may be killed. */
const mostMs: Readonly<Record<Moment, number>> = { launching: 2_000, acting: 150, idle: lateMs, finalizing: 150, adopting: 3_000 };

function isAt(moment: Moment, event: RunEvent): boolean {
  if (moment === "launching") return event.type === "attemptStarted";
  if (moment === "finalizing") return event.type === "outcomePublished";
  if (event.type !== "actionStarted") return false;
  return moment === "idle" ? event.actionStarted.action === "wait_for" : event.actionStarted.action === "goto";
}

async function strike(site: ShortSite, runId: string, moment: Moment, victim: string, random: SeededRandom): Promise<void> {
  const { fleet, going, harmed, inTurn } = site;
  const told = () => site.onKill(`${moment}: ${victim}`);
  const { orchestrator } = fleet;
  switch (victim) {
    case "nobody":
      return told();
    case "orchestrator":
      return await inTurn(() => orchestrator.restart("SIGKILL")).then(told);
    case "gateway": {
      const gateway = random.pick(fleet.gateways);
      return await inTurn(() => gateway.restart("SIGKILL")).then(told);
    }
    case "warden and orchestrator":
      return await inTurn(() => orphanSandboxes(fleet, harmed)).then(told);
    case "all":
      return await inTurn(async () => {
        for (const one of going) harmed.add(one);
        await cutPower(fleet);
      }).then(told);
    default: {
      const adopting = moment === "adopting" ? inTurn(() => orchestrator.restart("SIGKILL")) : undefined;
      if (adopting !== undefined) await delay(random.integer(0, mostMs.adopting));
      const own = sandboxMembers(fleet.volume).filter((member) => member.runId === runId);
      const wanted = own.filter(({ role }) => role === victim);
      // Somebody is killed wherever there is anybody: not every tier has them all, nor every moment.
      const [first, ...others] = wanted.length > 0 ? wanted : own;
      const killed = first && random.pick([first, ...others]);
      if (killed !== undefined && signalTo(killed, "SIGKILL")) {
        harmed.add(runId);
        site.onKill(`${moment}: ${killed.role}`);
      }
      await adopting;
    }
  }
}
