import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { untilSignal } from "@clew/process/until-signal";
import { ServiceProcess } from "../scripts/service-process.ts";
import { withoutSettings } from "../scripts/services.ts";
import type { Load } from "./path/load.ts";
import { readStream, type Seen } from "./path/read-stream.ts";
import { complain, startGateway } from "./support/gateway.ts";
import { median, whole } from "./support/numbers.ts";
import { createLoadRun, startProducingOrchestrator } from "./support/producing.ts";

/**
 * How long an event takes from a sandbox's outbox to a reader of server-sent events, and how many a second get there, beside a bare grpc-js
 * stream with a bare node:http server behind it. Every part is the real one, each in its own process: outbox and socket in a sandbox under its
 * warden, orchestrator with journal and fsync, gateway; only what the agent does is replaced. `node bench/path.ts [repeats] [folder]`; without a
 * folder the volume lies in the OS's temp folder.
 */

const REPEATS = Number(process.argv[2] ?? 5);
const LOAD: Load = { perSecond: 50, pacedMs: 2_500, flatOutMs: 700 };
const WARM_UP: Load = { perSecond: 50, pacedMs: 500, flatOutMs: 300 };
/** Milliseconds one load may take in all: a sandbox has to start, and what waits in the outbox to be read. */
const carryMs = 60_000;

/** Something that carries a load to a reader. */
type Carry = (load: Load, signal: AbortSignal) => Promise<Seen>;

function start(name: string, file: string, env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`path/${file}`, import.meta.url));
  return ServiceProcess.start({ name, main, env: { ...withoutSettings(process.env), ...env }, onLine: complain });
}

async function startFloor(folder: string, stack: AsyncDisposableStack): Promise<Carry> {
  const env = { BENCH_SOCKET: join(folder, "floor.sock") };
  stack.use(await start("floor source", "floor-source.ts", env));
  const relay = stack.use(await start("floor relay", "floor-relay.ts", env));
  return (load, signal) => readStream(`http://${relay.address}/?load=${encodeURIComponent(JSON.stringify(load))}`, signal);
}

async function startClew(volume: string, stack: AsyncDisposableStack): Promise<Carry> {
  const orchestrator = stack.use(await startProducingOrchestrator(volume));
  const gateway = stack.use(await startGateway(orchestrator.address));
  return async (load, signal) => {
    const id = await createLoadRun(gateway.address, load, signal);
    return await readStream(`http://${gateway.address}/v1/runs/${id}/stream`, signal);
  };
}

function at({ latenciesMs }: Seen, share: number): number {
  return latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
}

const interrupted = new AbortController();
void untilSignal().then((signal) => interrupted.abort(new Error(`Ended by ${signal}.`)));
await using stack = new AsyncDisposableStack();
const folder = await mkdtemp(join(process.argv[3] ?? tmpdir(), "clew-bench-path-"));
stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
const carries = [await startFloor(folder, stack), await startClew(join(folder, "volume"), stack)] as const;
const seen: [Seen[], Seen[]] = [[], []];
const carry = (by: Carry, load: Load) => by(load, AbortSignal.any([interrupted.signal, AbortSignal.timeout(carryMs)]));
for (const by of carries) await carry(by, WARM_UP);
for (let repeat = 0; repeat < REPEATS; repeat++) {
  for (const index of repeat % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) seen[index].push(await carry(carries[index], LOAD));
}

const measures = [
  { of: (one: Seen) => at(one, 0.5), show: (value: number) => value.toFixed(2) },
  { of: (one: Seen) => at(one, 0.99), show: (value: number) => value.toFixed(2) },
  { of: ({ perSecond }: Seen) => perSecond, show: whole },
];
const [floor, clew] = seen;
const cells = (of: readonly Seen[]) => measures.map((measure) => measure.show(median(of.map(measure.of)))).join(" | ");
const ratios = measures.map(({ of }) => median(clew.map((own, repeat) => of(own) / of(floor[repeat] ?? own))).toFixed(2)).join(" | ");
const bytes = (of: readonly Seen[]) => whole(median(of.map(({ eventBytes }) => eventBytes)));
process.stdout.write(
  [
    `Events of ${bytes(clew)} bytes (floor: ${bytes(floor)}), ${LOAD.pacedMs / 1_000} s at ${LOAD.perSecond} a second, then ${LOAD.flatOutMs / 1_000} s flat out; ${REPEATS} repeats in turn, medians.`,
    "",
    `| what | p50 ms at ${LOAD.perSecond}/s | p99 ms at ${LOAD.perSecond}/s | events/s sustained |`,
    "|---|---:|---:|---:|",
    `| floor: grpc-js stream, node:http | ${cells(floor)} |`,
    `| Clew: outbox, journal, gateway | ${cells(clew)} |`,
    `| ratio | ${ratios} |`,
    "",
  ].join("\n"),
);
