import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { History } from "./history.ts";
import type { Plan, Size } from "./plan.ts";
import { replaceGlobals } from "./platform/globals.ts";
import { redirectPlatform } from "./platform/redirect.ts";

/** What a worker is asked: to make some seeds, or one plan, happen. `quick` leaves a plan that fails as large as it is. */
export type Task =
  | { readonly kind: "seeds"; readonly from: number; readonly count: number; readonly size: Size; readonly quick: boolean }
  | { readonly kind: "plan"; readonly plan: Plan };

/** A plan whose history broke a property. */
export interface Failure {
  /** As small as it could be made. */
  readonly plan: Plan;
  readonly problems: readonly string[];
}

/** What came of a task. */
export interface Report {
  readonly histories: number;
  readonly steps: number;
  readonly failures: readonly Failure[];
  /** Of the plan's history, where the task was one plan: all that happened, and its fingerprint. */
  readonly history?: History;
  readonly fingerprint?: string;
}

// Before anything of Clew is loaded: it must not get hold of the real platform.
redirectPlatform();
replaceGlobals();
Error.stackTraceLimit = 4;
const { runHistory } = await import("./run-history.ts");
const { checkHistory } = await import("./properties/check-history.ts");
const { planOf } = await import("./plan.ts");
const { shrink } = await import("./shrink.ts");

const stray: string[] = [];
// What would end a real process is a failure of its history.
for (const name of ["unhandledRejection", "uncaughtException"] as const)
  process.on(name, (error: unknown) => stray.push(error instanceof Error ? (error.stack ?? error.message) : String(error)));

/** How many failures of one task are told: the next ones are mostly the same. */
const mostFailures = 3;

async function judge(plan: Plan): Promise<{ readonly history: History; readonly problems: readonly string[] }> {
  stray.length = 0;
  const history = await runHistory(plan);
  return { history, problems: [...checkHistory(history), ...stray.map((error) => `a process would have died of ${error}`)] };
}

async function work(task: Task): Promise<Report> {
  if (task.kind === "plan") {
    const { history, problems } = await judge(task.plan);
    const failures = problems.length > 0 ? [{ plan: task.plan, problems }] : [];
    const fingerprint = createHash("sha256").update(JSON.stringify(history)).digest("hex");
    return { histories: 1, steps: history.picks, failures, history, fingerprint };
  }
  const failures: Failure[] = [];
  let steps = 0;
  let histories = 0;
  for (let seed = task.from; seed < task.from + task.count && failures.length < mostFailures; seed++) {
    const first = await judge(planOf(seed, task.size));
    histories += 1;
    steps += first.history.picks;
    if (first.problems.length === 0) continue;
    if (task.quick) {
      failures.push({ plan: planOf(seed, task.size), problems: first.problems });
      break;
    }
    const plan = await shrink(planOf(seed, task.size), async (smaller) => (await judge(smaller)).problems.length > 0);
    failures.push({ plan, problems: (await judge(plan)).problems });
  }
  return { histories, steps, failures };
}

parentPort?.on("message", (task: Task) => {
  work(task).then(
    (report) => parentPort?.postMessage(report),
    (error: unknown) => {
      throw error;
    },
  );
});
