import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectGrpc } from "@clew/grpc/client";
import { readConfig } from "@clew/orchestrator/config";
import { startOrchestrator } from "@clew/orchestrator/orchestrator";
import { createLogger } from "@clew/process/logger";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { CreateRunRequest, RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { findChromium } from "../scripts/find-chromium.mjs";
import { BenchRoom } from "./support/bench-room.ts";
import { listen } from "./support/listen.ts";
import { fine, median, printTable } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";

/**
 * What it costs that an action that writes is durable in the journal before the browser acts: the time of one such action, a click in real
 * Chromium, through sandbox, orchestrator and journal, beside the same with an agent that does not wait for the acknowledgement.
 * `node bench/intent.ts [--quick] [--repeats N] [--folder F]`.
 */
const options = readOptions(7);
const CLICKS = options.quick ? 5 : 40;
/** Milliseconds one run may take in all. */
const runMs = 120_000;

const signal = interruption();
await using room = await BenchRoom.open("intent", options);
await using stack = new AsyncDisposableStack();
const page = createServer((_, response) => response.setHeader("content-type", "text/html").end("<button id=count>Count</button>"));
const host = `127.0.0.1:${await listen(page)}`;
stack.defer(() => void page.close());

const chromium = await findChromium();
if (chromium === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const config = readConfig({
  CLEW_VOLUME: join(room.folder, "volume"),
  CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0",
  CLEW_CHROMIUM: chromium.path,
  CLEW_SANDBOX: "process",
  CLEW_ADOPTION_GRACE: "20s",
});
const agent = fileURLToPath(new URL("intent/agent.ts", import.meta.url));
const orchestrator = stack.use(await startOrchestrator(config, createLogger({ name: "orchestrator", level: "error" }), agent));
const runs = stack.use(connectGrpc(RunServiceService, orchestrator.address));

const click = "  - { action: click, selector: '#count', on_failure: abort }\n";
const playbookSource = `id: clicks\nsteps:\n  - { action: goto, params: { url: 'http://${host}/' } }\n${click.repeat(CLICKS)}`;

/** Milliseconds of a click, on average over one run, by the journal's times. */
async function clickMs(intent: "confirmed" | "unconfirmed"): Promise<number> {
  const bounds = { signal: AbortSignal.any([signal, AbortSignal.timeout(runMs)]) };
  const { run } = await runs.createRun(
    CreateRunRequest.fromPartial({
      spec: {
        work: { $case: "playbookSource", value: playbookSource },
        labels: { intent },
        recording: { trace: false },
        guardrails: { allowedPrivateHosts: [host] },
      },
    }),
    bounds,
  );
  const events: RunEvent[] = [];
  for await (const { frame } of runs.streamRunEvents({ runId: run?.id ?? "", resumeToken: "", types: [] }, bounds)) {
    if (frame?.$case === "events") events.push(...frame.value.events);
    if (frame?.$case === "end" && frame.value.run?.state !== Run_State.COMPLETED)
      throw new Error(`The run ended ${frame.value.run?.state}.`);
  }
  const steps = events.filter(({ type }) => type === "stepCompleted").map(({ time }) => time?.getTime() ?? Number.NaN);
  const [first = Number.NaN, last = Number.NaN] = [steps[0], steps.at(-1)];
  return (last - first) / CLICKS;
}

const took: [number[], number[]] = [[], []];
const ways = ["unconfirmed", "confirmed"] as const;
for (const way of ways) await clickMs(way);
for (let repeat = 0; repeat < options.repeats; repeat++) {
  for (const index of repeat % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) took[index].push(await clickMs(ways[index]));
}
await orchestrator.stopRuns(1_000);
const [floor, clew] = took;
const over = clew.map((ms, repeat) => ms - (floor[repeat] ?? Number.NaN));
const ratios = clew.map((ms, repeat) => ms / (floor[repeat] ?? Number.NaN));
printTable(
  `${CLICKS} clicks a run, ${options.repeats} repeats in turn, medians.`,
  ["an action that writes", "ms", "more than the floor, ms", "of the floor"],
  [
    ["floor: the agent does not wait", fine(median(floor)), "", "1"],
    ["Clew: durable before the browser acts", fine(median(clew)), fine(median(over)), fine(median(ratios))],
  ],
);
