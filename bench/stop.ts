import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ActionRoom } from "@clew/sandbox-agent/actions/action-room.fixture";
import { endlessActions, startEndlessSite } from "@clew/sandbox-agent/actions/endless-actions.fixture";
import { delay } from "@clew/streams/delay";

/** How long it takes from a stop until the action has ended, and until its page answers again. `node bench/stop.ts [repeats]`. */

const REPEATS = Number(process.argv[2] ?? 5);

await using room = await ActionRoom.open();
await using site = await startEndlessSite();
await writeFile(join(room.folder, "inputs", "a.txt"), "a");

/** Milliseconds from the stop: until the action rejected, and until the page answered. */
async function stopOnce(html: string, step: object): Promise<readonly [ended: number, idle: number]> {
  await using desk = await room.desk(html);
  const stop = new AbortController();
  const acting = desk.act(step, stop.signal).catch(() => {});
  await delay(300);
  const stoppedAt = performance.now();
  stop.abort(new Error("stopped"));
  await acting;
  const ended = performance.now() - stoppedAt;
  await desk.active.page.evaluate("1");
  return [ended, performance.now() - stoppedAt];
}

console.log("| stopped while it would | action ended, worst ms | page idle, worst ms |");
console.log("|---|---:|---:|");
for (const { name, html, step } of endlessActions(site.url)) {
  const took: (readonly [number, number])[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) took.push(await stopOnce(html, step));
  const worst = (index: 0 | 1) => Math.max(...took.map((each) => each[index])).toFixed(0);
  console.log(`| ${name} | ${worst(0)} | ${worst(1)} |`);
}
