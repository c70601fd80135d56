import { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Happening, History } from "./history.ts";
import { writeWork } from "./parts/agent.ts";
import { auditJournals } from "./parts/audit-journals.ts";
import { Faults } from "./parts/faults.ts";
import { type SimulatedGateway, startSimulatedGateway } from "./parts/gateway.ts";
import type { HttpHandler } from "./parts/http.ts";
import { KeptProcess } from "./parts/kept-process.ts";
import { orchestratorAddress, type SimulatedOrchestrator, startSimulatedOrchestrator, volumeFolder } from "./parts/orchestrator.ts";
import { type Kept, startReader } from "./parts/reader.ts";
import type { Stage } from "./parts/stage.ts";
import type { Plan, ReaderPlan, RunPlan } from "./plan.ts";
import { enter } from "./platform/machine.ts";
import { openFiles } from "./platform/open-files.ts";
import { leaveDatabases } from "./platform/sqlite.ts";
import { connectSimulated } from "./world/calls.ts";
import { Network } from "./world/network.ts";
import { SimulatedDisk } from "./world/simulated-disk.ts";
import { World } from "./world/world.ts";

/** Steps after which a history counts as one without end. */
const mostPicks = 400_000;
/** Milliseconds every reader has to reach the end once nothing goes wrong any more. */
const patienceMs = 20 * 60_000;
/** Milliseconds that what was let go has to end. */
const afterlifeMs = 10 * 60_000;

/** Makes a plan happen, and answers all that did. */
export function runHistory(plan: Plan): Promise<History> {
  return new Stagehand(plan).run();
}

class Stagehand {
  readonly #plan: Plan;
  readonly #happenings: (Happening & { readonly atMs: number })[] = [];
  readonly #world: World;
  readonly #disk = new SimulatedDisk();
  readonly #stage: Stage;
  readonly #http: Network<HttpHandler>;
  readonly #faults: Faults;
  readonly #runIds: (string | undefined)[];
  readonly #kept: Kept[];
  readonly #orchestrator: KeptProcess;
  readonly #gateways: readonly KeptProcess[];
  readonly #running = new Map<KeptProcess, SimulatedOrchestrator | SimulatedGateway>();
  #unstopped = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const world = new World(plan.seed);
    this.#world = world;
    enter({ world, disk: this.#disk });
    const network: Stage["network"] = new Network(world);
    this.#http = new Network<HttpHandler>(world);
    this.#stage = {
      world,
      disk: this.#disk,
      network,
      bootId: 1,
      note: (happening) => this.#happenings.push({ ...happening, atMs: world.nowMs }),
      kill: (process) => {
        world.kill(process);
        network.dropOf(process);
        this.#http.dropOf(process);
      },
    };
    network.onUnexpected = (error, where) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#stage.note({ kind: "unexpected", process: where, message });
    };
    this.#disk.makeFolder(volumeFolder);
    this.#disk.sync(this.#disk.root);
    this.#runIds = plan.runs.map(() => undefined);
    this.#kept = plan.readers.map(({ fromNow }) => ({ after: fromNow ? "now" : "", finished: false }));
    this.#orchestrator = new KeptProcess(world, (ended) => this.#startOrchestrator(ended));
    this.#gateways = Array.from({ length: plan.gateways }, (_, index) => new KeptProcess(world, () => this.#startGateway(index)));
    this.#faults = new Faults(this.#stage, this.#http, {
      orchestrator: this.#orchestrator,
      gateways: this.#gateways,
      readers: [],
      handOver: (ms) => this.#handOver(ms),
    });
    for (const [index, run] of plan.runs.entries()) world.spawn(`caller ${index}`, () => void this.#ask(index, run));
  }

  async run(): Promise<History> {
    const world = this.#world;
    const waiting = [...this.#plan.faults].sort((one, other) => one.step - other.step);
    const how = await world.run(
      () => {
        while (waiting[0] !== undefined && waiting[0].step <= world.picks) this.#faults.apply(waiting.shift() ?? waiting[0]);
        return this.#isOver() || world.nowMs > this.#faults.healedAtMs + patienceMs;
      },
      { picks: mostPicks },
    );
    const ended = how !== "over" ? "without end" : this.#isOver() ? "all finished" : "out of time";
    const leftovers = ended === "all finished" ? await this.#letGo() : [];
    const { picks, nowMs: virtualMs } = world;
    for (const process of world.processes) this.#stage.kill(process);
    const logs = await this.#audit();
    leaveDatabases(this.#disk);
    const { seed, readers } = this.#plan;
    return {
      seed,
      happenings: this.#happenings,
      readers: readers.map(({ run, types, fromNow }, index) => ({ name: `reader ${index}`, run, types, fromNow })),
      runs: this.#plan.runs,
      logs,
      ended,
      leftovers,
      picks,
      virtualMs,
    };
  }

  #isOver(): boolean {
    if (this.#runIds.includes(undefined) || this.#unstopped > 0 || !this.#kept.every(({ finished }) => finished)) return false;
    const orchestrator = this.#running.get(this.#orchestrator);
    return orchestrator !== undefined && "isIdle" in orchestrator && orchestrator.isIdle() && this.#faults.isHealed;
  }

  #startOrchestrator(ended: () => void) {
    const { world, kill } = this.#stage;
    this.#running.delete(this.#orchestrator);
    return world.spawn("orchestrator", (self) => {
      startSimulatedOrchestrator(this.#stage).then(
        (running) => this.#running.set(this.#orchestrator, running),
        (error: unknown) => {
          this.#stage.note({ kind: "notStarted", process: "orchestrator", message: String(error) });
          // As a process that cannot start: it exits, and is started again.
          kill(self);
          ended();
        },
      );
    });
  }

  #startGateway(index: number) {
    return this.#world.spawn(`gateway ${index}`, () => {
      const kept = this.#gateways[index];
      const running = startSimulatedGateway(this.#stage, this.#http, `gateway-${index}`);
      if (kept !== undefined) this.#running.set(kept, running);
    });
  }

  #handOver(ms: number): void {
    const { process } = this.#orchestrator;
    const running = this.#running.get(this.#orchestrator);
    if (process === undefined || running === undefined || !("handOver" in running)) return;
    this.#running.delete(this.#orchestrator);
    this.#world.after(0, process, () => {
      void running.handOver().then(() => {
        this.#stage.kill(process);
        this.#orchestrator.restart(ms);
      });
    });
  }

  async #ask(index: number, plan: RunPlan): Promise<void> {
    const { network, note } = this.#stage;
    await this.#world.sleep(plan.atMs);
    using client = connectSimulated(network, RunServiceService, orchestratorAddress, "caller");
    const spec = RunSpec.fromPartial({ work: { $case: "playbookSource", value: playbookOf(plan) }, timeoutSeconds: plan.timeoutSeconds });
    const { run } = await this.#insist(() => client.createRun({ spec, requestId: `request-${index}` }, { timeoutMs: 10_000 }));
    const runId = run?.id ?? "";
    note({ kind: "created", run: index, runId });
    this.#runIds[index] = runId;
    for (const [number, reader] of this.#plan.readers.entries()) if (reader.run === index) this.#startReader(number, reader, runId);
    if (plan.stop === undefined) return;
    this.#unstopped += 1;
    await this.#world.sleep(plan.stop.atMs);
    const { graceSeconds } = plan.stop;
    await this.#insist(() => client.stopRun({ runId, reason: "enough", graceSeconds }, { timeoutMs: 10_000 }));
    this.#unstopped -= 1;
  }

  async #insist<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch {
        await this.#world.sleep(500);
      }
    }
  }

  #startReader(number: number, plan: ReaderPlan, runId: string): void {
    const name = `reader ${number}`;
    const kept = this.#kept[number];
    if (kept === undefined) return;
    let isFirst = true;
    this.#world.after(plan.afterMs, this.#world.outside, () => {
      const process = new KeptProcess(this.#world, () => {
        if (!isFirst) this.#stage.note({ kind: "restarted", reader: name, after: kept.after });
        isFirst = false;
        return startReader(this.#stage, this.#http, name, { ...plan, gateway: plan.gateway % this.#plan.gateways }, runId, kept);
      });
      this.#faults.addReader(process);
    });
  }

  /** Lets go of all that is left, and answers what does not end. */
  async #letGo(): Promise<string[]> {
    const world = this.#world;
    const all = [this.#orchestrator, ...this.#gateways];
    for (const kept of [...all, ...this.#faults.readers]) kept.letGo();
    let left = 0;
    for (const kept of all) {
      const running = this.#running.get(kept);
      const { process } = kept;
      if (running === undefined || process === undefined) continue;
      left += 1;
      world.after(0, process, () => void ("handOver" in running ? running.handOver() : running.drain()).then(() => left--));
    }
    const untilMs = world.nowMs + afterlifeMs;
    await world.run(() => world.nowMs > untilMs || (left === 0 && world.pending.length === 0), { picks: mostPicks * 2 });
    const name = (owner: { readonly name: string }, what: string) => `${owner.name.replace(/run-[0-9a-f]+/, "run")}: ${what}`;
    return [
      ...(left > 0 ? ["a service that does not close"] : []),
      ...new Set(world.pending.map(({ owner }) => name(owner, "something is still to be done"))),
      ...openFiles().map(({ owner, path }) => name(owner, `${path} is open`)),
      ...[...this.#stage.network.connections, ...this.#http.connections].map(({ client, line }) =>
        name(client, `an open connection (${line})`),
      ),
    ];
  }

  async #audit() {
    this.#disk.crash(this.#world.random);
    const logs = Promise.withResolvers<History["logs"]>();
    this.#world.spawn("auditor", () => void auditJournals(`${volumeFolder}/runs`, this.#disk).then(logs.resolve, logs.reject));
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    logs.promise.then(done, done);
    await this.#world.run(() => isDone, { picks: Number.POSITIVE_INFINITY });
    return await logs.promise;
  }
}

function playbookOf(plan: RunPlan): string {
  return `# ${writeWork(plan)}\nid: simulated\ndescription: What the simulation does.\nsteps:\n  - { action: goto, params: { url: "https://example.com/" } }\n`;
}
