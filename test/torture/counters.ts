import { createClew } from "@clew/client";
import { delay } from "@clew/streams/delay";
import type { KnownEvent } from "../support/delivery.ts";
import type { Fleet } from "../support/fleet.ts";

/** Milliseconds after the last reader has gone in which gateways must count none. */
const patienceMs = 20_000;

/** Finds where services count otherwise than the journals do, when every run is over and nobody reads. */
export async function checkCounters(fleet: Fleet, records: ReadonlyMap<string, readonly KnownEvent[]>, side: number): Promise<string[]> {
  const clew = createClew({ url: `http://${fleet.gateways[0].address}` });
  const listed = new Map((await Array.fromAsync(clew.listRuns({ pageSize: 100 }))).map(({ id, state }) => [id, state] as const));
  const problems = [...listed].flatMap(([id, state]) => {
    const end = endOf(records.get(id) ?? []);
    return state === end ? [] : [`${id} is listed as ${state}, and its journal ends with ${end}`];
  });
  if (listed.size !== records.size) problems.push(`${records.size} runs were asked for, and ${listed.size} are listed`);
  const most = mostAtOnce([...records.values()]);
  if (most > side) problems.push(`${most} runs had a slot at the same time, and there are ${side}`);
  for (const { address } of fleet.gateways) problems.push(...(await openReaders(address)));
  return problems;
}

/** The state in which a run's record ends. */
export function endOf(record: readonly KnownEvent[]): string | undefined {
  const last = record.at(-1);
  return last?.type === "runFinished" ? JSON.parse(last.json).runFinished.run.state : undefined;
}

/** How many runs were between their first attempt and their end at the same time, by the times of their journals. */
export function mostAtOnce(records: readonly (readonly KnownEvent[])[]): number {
  const changes = records.flatMap((record) => {
    const from = record.find(({ type }) => type === "attemptStarted");
    const to = record.findLast(({ type }) => type === "runFinished");
    return from === undefined || to === undefined
      ? []
      : [
          { at: timeOf(from), by: 1 },
          { at: timeOf(to), by: -1 },
        ];
  });
  // One may begin in the millisecond in which another ends.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** What a gateway still counts as read, once it has had time to notice that nobody reads any more. */
async function openReaders(address: string): Promise<string[]> {
  for (const until = performance.now() + patienceMs; ; await delay(200)) {
    const text = await (await fetch(`http://${address}/metrics`)).text();
    const open = text.split("\n").filter((line) => /^clew_gateway_(open_streams|followed_runs)\b.* [^0]/.test(line));
    if (open.length === 0) return [];
    if (performance.now() > until) return open.map((line) => `nobody reads at ${address}, which counts ${line}`);
  }
}

function timeOf({ json }: KnownEvent): number {
  return Date.parse(JSON.parse(json).time);
}
