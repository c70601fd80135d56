import { Counter, Gauge, Histogram, Registry } from "@clew/process/prometheus";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { Payload } from "../runs/event.ts";
import type { FoundLeftovers } from "../sandboxes/found-leftovers.ts";

/** What is looked at whenever the metrics are asked for: nothing of it is counted up and down. */
export interface MetricSources {
  /** How many runs there are in each state. */
  readonly runsByState: () => ReadonlyMap<Run_State, number>;
  readonly load: () => {
    readonly queued: number;
    readonly running: number;
    readonly kept: number;
    readonly unopened: number;
    readonly oldestQueuedMs: number;
  };
  readonly slots: number;
  /** Sandboxes that wait for runs, and how many runs found one. */
  readonly warm: () => { readonly waiting: number; readonly ready: number; readonly claimed: number; readonly missed: number };
  /** What the janitor found, by kind. */
  readonly leftovers: () => ReadonlyMap<string, FoundLeftovers>;
  readonly isVolumeFull: () => boolean;
}

/** What the orchestrator tells of itself. */
export interface Metrics {
  readonly contentType: string;
  /** Counts what became durable in journals. It never throws. */
  hear(payloads: readonly Payload[]): void;
  /** Notes how long the volume took to make what was written durable, or that it did not. */
  synced(seconds: number, isDurable: boolean): void;
  /** Begins to show what is looked at when it is asked for. */
  watch(sources: MetricSources): void;
  text(): Promise<string>;
}

/** Seconds, from what a disk with a cache takes to what nobody should have to wait. */
const syncBuckets = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];
const startBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60];

/** Makes the orchestrator's metrics, all at 0. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Name extends string = never>(name: string, help: string, labelNames: readonly Name[] = []) =>
    new Counter<Name>({ registers, name: `clew_${name}`, help, labelNames: [...labelNames] });
  const events = counter("journal_events_total", "Events that became durable.");
  const attempts = counter("attempts_started_total", "Attempts that began.");
  const attemptsFailed = counter("attempts_failed_total", "Attempts that failed and were followed by another.", ["reason"]);
  const starts = counter("sandbox_starts_total", "Sandboxes that could work, by whether they waited for a run.", ["warm"]);
  const ends = counter("sandbox_ends_total", "Sandboxes that ended, by why their warden says they did.", ["reason"]);
  const finished = counter("runs_finished_total", "Runs that ended, by their state and the reason of their error.", ["state", "reason"]);
  const startSeconds = new Histogram({
    registers,
    name: "clew_sandbox_start_seconds",
    help: "Seconds until a sandbox could work, from its start, or from its claim where it waited for a run.",
    labelNames: ["warm"],
    buckets: startBuckets,
  });
  const syncSeconds = new Histogram({
    registers,
    name: "clew_journal_fsync_seconds",
    help: "Seconds the volume took to make what was written to a journal durable.",
    buckets: syncBuckets,
  });
  const syncFailures = counter("journal_fsync_failures_total", "Times that the volume did not make it durable.");
  const hear = (payload: Payload) => {
    events.inc();
    switch (payload.$case) {
      case "attemptStarted":
        return attempts.inc();
      case "attemptFailed":
        return attemptsFailed.inc({ reason: reasonOf(payload.value.error?.reason) });
      case "sandboxReady": {
        // One in which a run continues does not start.
        if (payload.value.continued) return undefined;
        const warm = String(payload.value.warm);
        starts.inc({ warm });
        return startSeconds.observe({ warm }, payload.value.durationMs / 1_000);
      }
      case "sandboxExited":
        return ends.inc({ reason: reasonOf(payload.value.cause, "by_itself") });
      case "runFinished": {
        const { run } = payload.value;
        return finished.inc({ state: stateName(run?.state), reason: reasonOf(run?.outcome?.error?.reason) });
      }
      default:
    }
  };
  return {
    contentType: registry.contentType,
    hear: (payloads) => payloads.forEach(hear),
    synced(seconds, isDurable) {
      syncSeconds.observe(seconds);
      if (!isDurable) syncFailures.inc();
    },
    watch: (sources) => watch(registry, sources),
    text: () => registry.metrics(),
  };
}

function watch(registry: Registry, { runsByState, load, slots, warm, leftovers, isVolumeFull }: MetricSources): void {
  const registers = [registry];
  const shown = (name: string, help: string, read: () => number) =>
    new Gauge({
      registers,
      name: `clew_${name}`,
      help,
      collect() {
        this.set(read());
      },
    });
  new Gauge({
    registers,
    name: "clew_runs",
    help: "Runs that are kept, by state.",
    labelNames: ["state"],
    collect() {
      this.reset();
      for (const [state, count] of runsByState()) this.set({ state: stateName(state) }, count);
    },
  });
  shown("queue_length", "Runs that wait for a slot.", () => load().queued);
  shown("queue_oldest_seconds", "Seconds that the one that waits longest has waited.", () => load().oldestQueuedMs / 1_000);
  shown("runs_unopened", "Runs that are not over and cannot be opened.", () => load().unopened);
  shown("slots", "Slots for runs.", () => slots);
  shown("slots_used", "Slots that runs have.", () => load().running);
  shown("sandboxes_kept", "Sandboxes of runs that are over, kept for others to continue in.", () => load().kept);
  shown("warm_sandboxes", "Sandboxes that wait for runs.", () => warm().waiting);
  shown("warm_sandboxes_ready", "Those whose browser is there.", () => warm().ready);
  shown("volume_full", "1 while the volume is full.", () => Number(isVolumeFull()));
  new Counter({
    registers,
    name: "clew_warm_claims_total",
    help: "Attempts that asked for a waiting sandbox, by whether they got one.",
    labelNames: ["result"],
    collect() {
      const { claimed, missed } = warm();
      this.reset();
      this.inc({ result: "claimed" }, claimed);
      this.inc({ result: "missed" }, missed);
    },
  });
  new Counter({
    registers,
    name: "clew_janitor_leftovers_total",
    help: "What was found of sandboxes that had ended, by kind, and whether it was removed.",
    labelNames: ["kind", "result"],
    collect() {
      this.reset();
      for (const [kind, { found, removed }] of leftovers()) {
        this.inc({ kind, result: "found" }, found);
        this.inc({ kind, result: "removed" }, removed);
      }
    },
  });
}

/** A word that labels may have: no sandbox makes more of them than there are. */
function reasonOf(text: string | undefined, none = "none"): string {
  if (text === undefined || text === "") return none;
  return /^[A-Z][A-Z_]{0,39}$/.test(text) ? text : "other";
}

const names = new Map(Object.entries(Run_State).map(([name, state]) => [state, name]));

function stateName(state: Run_State | undefined): string {
  return (state !== undefined && names.get(state)) || "UNKNOWN";
}
