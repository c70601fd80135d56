import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startBackOffice } from "@clew/back-office/back-office";
import { formatEventLine } from "@clew/cli/event-line";
import { createClew, Fault, type RunEvent, type RunResult } from "@clew/client";
import { toNotice } from "./notices.ts";
import { demandArguments } from "./read-arguments.ts";
import { readable, ServiceStartError } from "./service-process.ts";
import { type Services, startServices } from "./services.ts";
import { untilStopped } from "./until-stopped.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const help = `npm run demo cancels an order in a small back office, prints every event, and leaves nothing running.
  -- --volume FOLDER  where the run is kept; .clew-demo unless given`;
const options = demandArguments(help, ["volume"]);
const volume = resolve(options["volume"] ?? join(root, ".clew-demo"));
const playbook = "examples/playbooks/cancel-order.yaml";
const longestMs = 180_000;

/** What the demo was before it ended: the run, and the last step that failed. */
interface Told {
  readonly runId: string;
  readonly failedStep: string | undefined;
}

/** Prints a run's events as they come; answers how it ended. */
async function follow(events: AsyncIterable<RunEvent>, runId: string): Promise<Told> {
  let startTime: string | undefined;
  let failedStep: string | undefined;
  for await (const event of events) {
    startTime ??= event.time;
    console.log(formatEventLine(event, startTime ?? event.time));
    if (event.type === "stepCompleted" && !event.stepCompleted.success && !event.stepCompleted.skipped) {
      failedStep = `step ${event.stepCompleted.stepIndex + 1}, ${event.stepCompleted.description || event.stepCompleted.action}`;
    }
  }
  return { runId, failedStep };
}

function printOutcome({ state, outcome }: RunResult, { failedStep }: Told): void {
  console.log(`\n${state}: ${outcome.summary}`);
  for (const [name, value] of Object.entries(outcome.data ?? {}))
    console.log(`  ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  if (state === "COMPLETED") return;
  if (failedStep !== undefined) console.error(`Failed at ${failedStep}.`);
  if (outcome.error !== undefined) console.error(`${outcome.error.reason}: ${outcome.error.message}`);
}

/** A folder as a person would type it. */
function shortest(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith("..") ? folder : path || ".";
}

function printNext(runId: string, env: Readonly<Record<string, string>>): void {
  const settings = Object.entries({ CLEW_VOLUME: shortest(volume), ...env }).map(([name, value]) => `${name}=${value}`);
  console.log(`
The run is on disk, and nothing is left running. To open it again:
  ${settings.join(" ")} npm start
and in another terminal:
  npx clew get ${runId}
  npx clew stream ${runId} --after 5
  npx clew artifacts ${runId} trace.zip -o trace.zip && npx playwright show-trace trace.zip`);
}

/** Shows notices, and every line once CLEW_LOG_LEVEL is set; what the services say at a failed start stands in the error. */
function show(service: string, line: string): void {
  const shown = process.env.CLEW_LOG_LEVEL === undefined ? toNotice(line) : `${service}: ${readable(line)}`;
  if (shown !== undefined) console.error(shown);
}

/** Starts the services; where this machine does not let sandboxes be isolated, without that, and says so. Answers what they were started with, too. */
async function start(signal: AbortSignal): Promise<{ readonly services: Services; readonly env: Readonly<Record<string, string>> }> {
  const options = { volume, onLine: show, onTrouble: (sentence: string) => console.error(sentence), signal };
  try {
    return { services: await startServices(options), env: {} };
  } catch (error) {
    const why =
      error instanceof ServiceStartError
        ? /CLEW_SANDBOX: bubblewrap does not isolate here: ([^\n]*?)\. Install/.exec(error.message)?.[1]
        : undefined;
    if (why === undefined) throw error;
    console.error(`Not isolated: the demo's browser runs as you do, with your files and your network (${why}); see docs/isolation.md.`);
    const env = { CLEW_SANDBOX: "process" };
    return { services: await startServices({ ...options, env }), env };
  }
}

async function main(): Promise<number> {
  using wish = untilStopped();
  const controller = new AbortController();
  let stopped = false;
  void wish.asked.then(() => {
    stopped = true;
    controller.abort();
  });
  const timer = setTimeout(() => controller.abort(), longestMs);
  try {
    await using backOffice = await startBackOffice({ port: 0 });
    const { services: started, env } = await start(controller.signal);
    await using services = started;
    void wish.insisted.then(() => services.kill());
    console.log(`Gateway ${services.url}, back office ${backOffice.url}. Running ${playbook}:\n`);
    const clew = createClew({ url: services.url });
    const run = await clew.createRun(
      {
        playbookSource: readFileSync(join(root, playbook), "utf8"),
        params: { order_id: "12345", base_url: backOffice.url },
        guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] },
        labels: { demo: "true" },
      },
      { signal: controller.signal },
    );
    const told = await follow(run.events({ signal: controller.signal }), run.id);
    const result = await run.result({ signal: controller.signal });
    printOutcome(result, told);
    printNext(run.id, env);
    return result.state === "COMPLETED" ? 0 : 1;
  } catch (error) {
    if (stopped) {
      console.error("\nThe demo was stopped, and its run with it.");
      return 130;
    }
    if (controller.signal.aborted) console.error(`\nThe run was not over after ${longestMs / 60_000} minutes, so it was stopped.`);
    else if (error instanceof Fault) console.error(`${error.reason}: ${error.message}`);
    else if (error instanceof ServiceStartError) console.error(error.message);
    else throw error;
    return 1;
  } finally {
    clearTimeout(timer);
  }
}

process.exitCode = await main();
