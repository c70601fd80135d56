import { setTimeout as sleep } from "node:timers/promises";
import { BenchRoom } from "./support/bench-room.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, quantile } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";

/**
 * How much one reader that takes nothing delays 100 that do: the same readers and events with and without it, in turn. It has a long history to
 * read, so that all that may lie on its way is full at once. `node bench/slow-reader.ts [--quick] [--repeats N]`.
 */
const options = readOptions(9);
const { quick, repeats } = options;
const HEALTHY = 100;
const HISTORY = 20_000;
const TEXT_CHARS = 150;
const needle = '"summary":"@';
const load = { count: quick ? 50 : 250, perSecond: 50, textLength: TEXT_CHARS };

const signal = interruption();
await using room = await BenchRoom.open("slow-reader", options);
const readers = await room.readers();
const source = await room.source();
const gateway = room.use(await startGateway(await source.ask("address", undefined), "server"));
const port = portOf(gateway.address);

async function measure(withStalled: boolean): Promise<readonly number[]> {
  const runId = await source.ask("addRun", { events: HISTORY, textLength: TEXT_CHARS });
  const stream = `/v1/runs/${runId}/stream`;
  if (withStalled) {
    await readers.ask("connect", { group: "stalled", count: 1, port, path: stream, needle, stalled: true }, signal);
    // Until all that lies on its way is full: a history that is being sent is another load than a reader that takes nothing.
    await sleep(1_000, undefined, { signal });
  }
  await readers.ask("connect", { group: "healthy", count: HEALTHY, port, path: `${stream}?after=now`, needle, timed: true }, signal);
  await source.ask("publish", { runId, ...load }, signal);
  await readers.ask("until", { group: "healthy", events: load.count }, signal);
  const { latenciesMs } = await readers.ask("take", { group: "healthy" });
  await readers.ask("leave", { group: "healthy" });
  if (withStalled) await readers.ask("leave", { group: "stalled" });
  return latenciesMs;
}

const results: { readonly without: readonly number[]; readonly beside: readonly number[] }[] = [];
await measure(false);
for (let repeat = 0; repeat < repeats; repeat++) {
  const first = repeat % 2 === 1;
  const one = await measure(first);
  const other = await measure(!first);
  results.push(first ? { beside: one, without: other } : { beside: other, without: one });
}
const at = (share: number, of: "without" | "beside") => fine(median(results.map((one) => quantile(one[of], share))));
const ratio = (share: number) => fine(median(results.map(({ beside, without }) => quantile(beside, share) / quantile(without, share))));
printTable(
  `${HEALTHY} readers, ${load.count} events at ${load.perSecond} a second, ${repeats} repeats in turn, medians.`,
  ["what", "p50 ms", "p99 ms"],
  [
    ["healthy readers alone", at(0.5, "without"), at(0.99, "without")],
    ["beside one that takes nothing", at(0.5, "beside"), at(0.99, "beside")],
    ["ratio (goal: p99 ≤ 1.10)", ratio(0.5), ratio(0.99)],
  ],
);
