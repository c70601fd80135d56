import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Plan, Size } from "./plan.ts";
import type { Failure, Report, Task } from "./simulation-worker.ts";

/** What to simulate. */
export interface SimulationOptions {
  readonly size: Size;
  /** The first seed. */
  readonly from: number;
  /** How many seeds. */
  readonly count: number;
  /** Milliseconds after which no more are begun, once there are `atLeast`. */
  readonly budgetMs: number;
  /** How many there are to be however long it takes; none unless given. */
  readonly atLeast?: number;
  /** Stops at the first failure, and leaves it as large as it is. */
  readonly quick?: boolean;
  /** How many threads; one a core unless given. */
  readonly workers?: number;
  /** Told now and then how many histories have happened. */
  readonly onProgress?: (histories: number) => void;
}

/** What came of a simulation. */
export interface Simulation {
  readonly histories: number;
  readonly steps: number;
  readonly failures: readonly Failure[];
}

/** How many seeds a thread takes at a time, and after how many failures enough is known. */
const chunk = 40;
const mostFailures = 5;

/** A thread with a platform of its own, in which histories happen. Disposing it ends the thread. */
export class SimulationThread implements AsyncDisposable {
  readonly #worker = new Worker(new URL("./simulation-worker.ts", import.meta.url), { execArgv: [] });

  /** Has a task done. One at a time. */
  do(task: Task): Promise<Report> {
    return new Promise((resolve, reject) => {
      const settle = () => this.#worker.off("message", onMessage).off("error", onError);
      const onMessage = (report: Report) => {
        settle();
        resolve(report);
      };
      const onError = (error: unknown) => {
        settle();
        reject(error);
      };
      this.#worker.on("message", onMessage).on("error", onError);
      this.#worker.postMessage(task);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Makes one history after another happen, seed by seed, on all cores, until all have, time is up, or enough has failed. */
export async function simulate({
  size,
  from,
  count,
  budgetMs,
  atLeast = 0,
  quick = false,
  workers = availableParallelism(),
  onProgress,
}: SimulationOptions): Promise<Simulation> {
  const untilMs = performance.now() + budgetMs;
  const failures: Failure[] = [];
  let [next, histories, steps] = [from, 0, 0];
  const isEnough = () => failures.length >= (quick ? 1 : mostFailures) || (performance.now() >= untilMs && next >= from + atLeast);
  const go = async () => {
    await using thread = new SimulationThread();
    while (next < from + count && !isEnough()) {
      const start = next;
      next = Math.min(from + count, start + chunk);
      const report = await thread.do({ kind: "seeds", from: start, count: next - start, size, quick });
      histories += report.histories;
      steps += report.steps;
      failures.push(...report.failures);
      onProgress?.(histories);
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(count / chunk)) }, go));
  return { histories, steps, failures };
}

/** Makes plans happen that failed once; the answer is what fails still. */
export async function replay(plans: readonly Plan[]): Promise<Failure[]> {
  await using thread = new SimulationThread();
  const failures: Failure[] = [];
  for (const plan of plans) failures.push(...(await thread.do({ kind: "plan", plan })).failures);
  return failures;
}
