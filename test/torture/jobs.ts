import { readFile } from "node:fs/promises";
import type { Clew, RunHandle, RunSpec } from "@clew/client";
import { Fault } from "@clew/fault/fault";
import { z } from "zod";
import { type BackOffice, startBackOffice } from "../../examples/back-office/src/back-office.ts";
import type { KnownEvent } from "../support/delivery.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

/** What a run of the campaign is asked to do. */
export type JobKind = "look" | "cancel" | "stop" | "stop-queued";

/** Some oftener than others. */
const kinds: readonly [JobKind, ...JobKind[]] = ["look", "look", "look", "cancel", "cancel", "stop", "stop-queued"];

/** Those of runs that others are to go on from: one that is stopped mostly leaves nothing. */
const chainedKinds: readonly [JobKind, ...JobKind[]] = [
  ...(["look", "look", "look", "look", "look", "look", "look"] as const),
  ...(["cancel", "cancel", "cancel", "stop", "stop-queued"] as const),
];

/** What is asked of the Run in the last event. */
const finished = z.object({
  runFinished: z.object({
    run: z.object({
      id: z.string(),
      state: z.string(),
      effects: z.string(),
      outcome: z.object({ error: z.object({ reason: z.string(), message: z.string().optional() }).optional() }).optional(),
    }),
  }),
});

/** A run whose kept sandbox another may continue in. */
export interface Parent {
  readonly id: string;
  /** The run that the sandbox was started for. */
  readonly root: string;
  /** The hosts that the browser may have pages of: who continues there must allow them. */
  readonly hosts: readonly string[];
}

/** The most private hosts that a run may allow. */
const mostHosts = 100;

/** How a run stands among others. */
export interface Kinship {
  /** Seconds for which it keeps its sandbox; it keeps none unless given. */
  readonly keepAliveSeconds?: number;
  /** Whose sandbox it goes on in, where that is still there. */
  readonly parent?: Parent | undefined;
}

/** How many of the runs make a trace; of those that go on in one sandbox few, since a browser that is killed leaves them on the disk. */
const tracedShare = { alone: 0.5, chained: 0.05 };

/** A run of the campaign, with a world of its own. Dispose it: that world is gone. */
export interface Job extends AsyncDisposable {
  readonly kind: JobKind;
  readonly run: RunHandle;
  /** Whom the next may go on from: it, or the one before where it is to be stopped before it takes the sandbox. */
  readonly parent: Parent;
  /** Whoever harmed the sandbox of one of these harmed it: its own, the one it continues, the root. */
  readonly kin: ReadonlySet<string>;
  /** Stops the run where that is its part, once it has seen an event. */
  onEvent(sequence: number): void;
  /** Finds what is wrong with how the run ended, knowing whether anybody harmed its sandbox. */
  check(events: readonly KnownEvent[], isHarmed: boolean): readonly string[];
}

/** Begins a run: its kind, and when it is stopped, are chance's. */
export async function beginJob(clew: Clew, requestId: string, random: SeededRandom, kinship: Kinship = {}): Promise<Job> {
  const { keepAliveSeconds } = kinship;
  const kind = random.pick(keepAliveSeconds === undefined ? kinds : chainedKinds);
  await using undo = new AsyncDisposableStack();
  const backOffice = undo.use(await startBackOffice());
  const { host } = new URL(backOffice.url);
  const spec: RunSpec = {
    playbookSource: kind === "cancel" ? await readFile("examples/playbooks/cancel-order.yaml", "utf8") : look,
    params: kind === "cancel" ? { order_id: "12345", base_url: backOffice.url } : { base_url: backOffice.url },
    recording: { trace: random.next() < (keepAliveSeconds === undefined ? tracedShare.alone : tracedShare.chained) },
    ...(keepAliveSeconds !== undefined && { keepAliveSeconds }),
  };
  const { run, kin, parent } = await create(clew, spec, requestId, host, kinship.parent);
  const stopAt = kind === "stop-queued" ? 0 : random.integer(4, 16);
  const stopping = { asked: false };
  const stop = () => {
    if (stopping.asked) return;
    stopping.asked = true;
    // One that is asked for while nobody can answer is asked for again by the client; one that comes too late changes nothing.
    run.stop({ reason: "it was enough", graceSeconds: random.integer(0, 3) }).catch(() => {});
  };
  if (kind === "stop-queued") stop();
  const world = undo.move();
  return {
    kind,
    run,
    kin,
    parent: (kind === "stop-queued" ? kinship.parent : undefined) ?? parent,
    onEvent(sequence) {
      if (kind === "stop" && sequence >= stopAt) stop();
    },
    check: (events, isHarmed) => checkEnd({ kind, backOffice, isHarmed }, events),
    [Symbol.asyncDispose]: () => world.disposeAsync(),
  };
}

/** Creates a run that continues, or one that begins anew where there is nothing to continue in any more. */
async function create(
  clew: Clew,
  spec: RunSpec,
  requestId: string,
  host: string,
  parent: Parent | undefined,
): Promise<Pick<Job, "run" | "kin" | "parent">> {
  if (parent !== undefined) {
    const { id, root } = parent;
    const hosts = [host, ...parent.hosts].slice(0, mostHosts);
    try {
      const run = await clew.createRun({ ...spec, guardrails: { allowedPrivateHosts: hosts }, continueFrom: id }, { requestId });
      return { run, kin: new Set([run.id, id, root]), parent: { id: run.id, root, hosts } };
    } catch (error) {
      if (!["PARENT_GONE", "PARENT_BUSY"].includes(Fault.from(error).reason)) throw error;
    }
  }
  const run = await clew.createRun({ ...spec, guardrails: { allowedPrivateHosts: [host] } }, { requestId: `${requestId}-anew` });
  return { run, kin: new Set([run.id]), parent: { id: run.id, root: run.id, hosts: [host] } };
}

const look = `id: look
parameters: [{ name: base_url }]
steps:
  - { action: goto, params: { url: "{base_url}/login" } }
  - { action: wait_for, selector: "h1" }
  - { action: extract, selector: "h1", store_as: heading }
`;

interface Ending {
  readonly kind: JobKind;
  readonly backOffice: BackOffice;
  readonly isHarmed: boolean;
}

/** Reads the Run in the last event, and compares it with the world and with what was done to it. */
function checkEnd({ kind, backOffice, isHarmed }: Ending, events: readonly KnownEvent[]): readonly string[] {
  const last = finished.safeParse(JSON.parse(events.at(-1)?.json ?? "null"));
  if (!last.success) return ["the last event holds no Run"];
  const { id, state, effects, outcome } = last.data.runFinished.run;
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`${id} (${kind}): ${problem}`);
  const reason = outcome?.error?.reason ?? "";
  const mayStop = kind === "stop" || kind === "stop-queued";
  if (state === "TERMINATED" && !mayStop) say("TERMINATED, and nobody asked for that");
  // Whoever kills or pauses services must not be able to fail a run; one that was being stopped meanwhile is over either way.
  const isStopped = mayStop && (state === "TERMINATED" || reason === "SANDBOX_LOST");
  if (state !== "COMPLETED" && !isHarmed && !isStopped) say(`${state} ${reason}, and nobody harmed its sandbox`);
  if (reason === "INTERNAL") say(`ended INTERNAL (${outcome?.error?.message}): whatever is done to it has a name`);
  const isCancelled = backOffice.orders.cancellations > 0;
  if (backOffice.orders.cancellations > 1) say(`the order was cancelled ${backOffice.orders.cancellations} times`);
  if (isCancelled && effects === "NONE") say("the order was cancelled, and the record says that nothing happened");
  if (kind === "cancel" && state === "COMPLETED" && !isCancelled) say("COMPLETED, and the order is not cancelled");
  const committed = events.some(({ json }) => json.includes('"type":"actionStarted"') && json.includes('"effect":"COMMIT"'));
  if (isCancelled && !committed) say("the order was cancelled, and no intent of that is in the record");
  return problems;
}
