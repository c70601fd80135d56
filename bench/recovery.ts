import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchRoom } from "./support/bench-room.ts";
import { nowMs } from "./support/clock.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";
import { createLoadRun, startProducingOrchestrator } from "./support/producing.ts";

/**
 * How soon readers go on after a `kill -9`: of the orchestrator, while a sandbox says 50 events a second, which the next one adopts; and of the
 * gateway, when 1000 readers come back at once. Both are started again at once. Each reader must have got every event once in the end.
 * `node bench/recovery.ts [--quick] [--repeats N] [--folder F]`.
 */
const options = readOptions();
const { quick, repeats } = options;
const READERS = quick ? 200 : 1_000;
const PER_SECOND = 50;
const RUN_SECONDS = quick ? 8 : 15;
/** Milliseconds a service works before it is killed. */
const beforeMs = 2_000;

const signal = interruption();
await using room = await BenchRoom.open("recovery", options);
const readers = await room.readers();

interface Recovered {
  readonly restartMs: number;
  readonly afterMs: number;
}

/** Kills an orchestrator under a run; answers how long its restart took, and how long after it the next event came. */
async function killOrchestrator(repeat: number): Promise<Recovered> {
  const volume = join(room.folder, `volume-${repeat}`);
  await using stack = new AsyncDisposableStack();
  const orchestrator = stack.use(await startProducingOrchestrator(volume, "client"));
  const gateway = stack.use(await startGateway(orchestrator.address, "server"));
  const load = { perSecond: PER_SECOND, pacedMs: RUN_SECONDS * 1_000, flatOutMs: 0 };
  const path = `/v1/runs/${await createLoadRun(gateway.address, load, signal)}/stream`;
  const group = { group: "one", count: 1, port: portOf(gateway.address), path, needle: '"resultText":"@', returns: true };
  await readers.ask("connect", group, signal);
  await readers.ask("until", { group: "one", events: PER_SECOND }, signal);
  await sleep(beforeMs, undefined, { signal });
  const killedAtMs = nowMs();
  orchestrator.kill();
  await orchestrator.exited;
  const restarting = startProducingOrchestrator(volume, "client", portOf(orchestrator.address));
  const { events: before } = await readers.ask("take", { group: "one" });
  stack.use(await restarting);
  const listeningAtMs = nowMs();
  await readers.ask("until", { group: "one", events: RUN_SECONDS * PER_SECOND - before }, signal);
  const { events: after, firstAtMs, connections } = await readers.ask("take", { group: "one" });
  await readers.ask("leave", { group: "one" });
  if (before + after !== RUN_SECONDS * PER_SECOND) throw new Error(`The reader got ${before + after} events.`);
  if (connections !== 1) throw new Error(`The reader's connection was not kept: it made ${connections}.`);
  return { restartMs: listeningAtMs - killedAtMs, afterMs: firstAtMs - listeningAtMs };
}

/** Kills a gateway under many readers; answers how long its restart took, and how long after it the last of them went on. */
async function killGateway(): Promise<Recovered> {
  await using source = await room.source();
  const address = await source.ask("address", undefined);
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await startGateway(address, "server"));
  const port = portOf(gateway.address);
  const runId = await source.ask("addRun", { events: 1, textLength: 150 });
  const path = `/v1/runs/${runId}/stream?after=1`;
  const group = { group: "many", count: READERS, port, path, needle: '"summary":"@', returns: true };
  await readers.ask("connect", group, signal);
  const count = RUN_SECONDS * PER_SECOND;
  const published = source.ask("publish", { runId, count, perSecond: PER_SECOND, textLength: 150 }, signal);
  await sleep(beforeMs, undefined, { signal });
  const killedAtMs = nowMs();
  gateway.kill();
  await gateway.exited;
  stack.use(await startGateway(address, "server", port));
  const listeningAtMs = nowMs();
  const wentOnAtMs = await readers.ask("wentOn", { group: "many" }, signal);
  await published;
  await readers.ask("until", { group: "many", events: count }, signal);
  const { fewest, most, connections } = await readers.ask("take", { group: "many" });
  await readers.ask("leave", { group: "many" });
  if (fewest !== count || most !== count) throw new Error(`The readers got ${fewest} to ${most} events.`);
  if (connections < 2 * READERS) throw new Error(`The readers made ${connections} connections: not all of them were cut.`);
  return { restartMs: listeningAtMs - killedAtMs, afterMs: wentOnAtMs - listeningAtMs };
}

const results: { readonly orchestrator: Recovered; readonly gateway: Recovered }[] = [];
for (let repeat = 0; repeat < repeats; repeat++) {
  results.push({ orchestrator: await killOrchestrator(repeat), gateway: await killGateway() });
}
const row = (name: string, of: "orchestrator" | "gateway") => [
  name,
  ...(["restartMs", "afterMs"] as const).map((key) => fine(median(results.map((one) => one[of][key])) / 1_000)),
];
printTable(
  `${PER_SECOND} events a second, ${repeats} repeats, medians.`,
  ["killed", "its restart, s", "then until readers go on, s"],
  [row("orchestrator (goal: ≤ 1.5)", "orchestrator"), row(`gateway, ${whole(READERS)} readers: the last of them (goal: ≤ 10)`, "gateway")],
);
