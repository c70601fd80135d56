import { createRandom, type Random } from "./world/random.ts";

/** How much happens in a history. */
export type Size = "small" | "medium" | "large";

/** What a sandbox does, one thing after another. */
export type WorkStep =
  | { readonly kind: "write" | "read"; readonly ms: number }
  | { readonly kind: "artifact"; readonly bytes: number }
  | { readonly kind: "burst"; readonly events: number };

/** A run to be asked for. */
export interface RunPlan {
  readonly atMs: number;
  readonly steps: readonly WorkStep[];
  /** What the work comes to: an outcome, no end at all, or the death of its process. */
  readonly ending: "completed" | "failed" | "hangs" | "dies" | "dies before it starts";
  /** When somebody asks to stop it, if anybody does. */
  readonly stop: { readonly atMs: number; readonly graceSeconds: number } | undefined;
  readonly timeoutSeconds: number;
}

/** Somebody who follows a run. */
export interface ReaderPlan {
  readonly run: number;
  readonly door: "sse" | "grpc";
  readonly gateway: number;
  readonly afterMs: number;
  readonly types: readonly string[];
  readonly fromNow: boolean;
  /** Milliseconds it takes over each event. */
  readonly slowMs: number;
}

/** What goes wrong, after so many steps of the history. */
export type Fault = { readonly step: number } & (
  | { readonly kind: "kill" | "pause"; readonly process: "orchestrator" | "gateway" | "warden" | "agent" | "reader"; readonly ms: number }
  | { readonly kind: "hand over"; readonly ms: number }
  | { readonly kind: "power loss"; readonly ms: number }
  | {
      readonly kind: "cut";
      readonly line: "sandbox" | "upstream" | "sse" | "grpc" | "all";
      readonly delivers: boolean;
      readonly clientMs: number;
      readonly serverMs: number;
    }
  | { readonly kind: "slow network"; readonly times: number; readonly ms: number }
  | { readonly kind: "disk full"; readonly ms: number }
  | { readonly kind: "sync fails"; readonly count: number }
);

/** All that a history is made of; with it and its seed, it happens the same way again. */
export interface Plan {
  readonly seed: number;
  readonly gateways: number;
  readonly runs: readonly RunPlan[];
  readonly readers: readonly ReaderPlan[];
  readonly faults: readonly Fault[];
}

const sizes = {
  small: { runs: 1, steps: 3, readers: 2, faults: 2, steps0: 250 },
  medium: { runs: 1, steps: 8, readers: 3, faults: 4, steps0: 600 },
  large: { runs: 3, steps: 20, readers: 6, faults: 8, steps0: 2_000 },
} as const satisfies Record<Size, object>;

/** Makes the plan that follows from a seed. */
export function planOf(seed: number, size: Size): Plan {
  const random = createRandom(seed, 0);
  const most = sizes[size];
  const runs = repeat(random.whole(1, most.runs), () => planRun(random, most.steps));
  return {
    seed,
    gateways: random.chance(0.3) ? 2 : 1,
    runs,
    readers: repeat(random.whole(1, most.readers), () => planReader(random, runs.length)),
    faults: repeat(random.chance(0.1) ? 0 : random.whole(1, most.faults), () => planFault(random, most.steps0)),
  };
}

function planRun(random: Random, steps: number): RunPlan {
  return {
    atMs: random.chance(0.7) ? 0 : random.whole(0, 2_000),
    steps: repeat(random.whole(0, steps), () => {
      const kind = random.pick(["write", "write", "read", "artifact", "burst"]);
      if (kind === "artifact") return { kind, bytes: random.whole(0, 200) };
      if (kind === "burst") return { kind, events: random.whole(2, 12) };
      return { kind, ms: random.chance(0.1) ? random.whole(1_000, 20_000) : random.whole(0, 50) };
    }),
    ending: random.chance(0.6) ? "completed" : random.pick(["failed", "hangs", "dies", "dies before it starts"]),
    stop: random.chance(0.15) ? { atMs: random.whole(0, 3_000), graceSeconds: random.pick([0, 1, 10]) } : undefined,
    timeoutSeconds: random.pick([5, 20, 60]),
  };
}

const filters = [["actionStarted"], ["runStarted", "runFinished"], ["outcomePublished"], ["stepCompleted", "artifactStored"]];

function planReader(random: Random, runs: number): ReaderPlan {
  const [first = [], ...others] = filters;
  return {
    run: random.whole(0, runs - 1),
    door: random.chance(0.75) ? "sse" : "grpc",
    gateway: random.whole(0, 1),
    afterMs: random.chance(0.6) ? 0 : random.whole(0, random.chance(0.2) ? 60_000 : 500),
    types: random.chance(0.2) ? random.pick([first, ...others]) : [],
    fromNow: random.chance(0.1),
    slowMs: random.chance(0.2) ? random.whole(1, 400) : 0,
  };
}

function planFault(random: Random, steps: number): Fault {
  const step = random.whole(1, steps);
  // Seldom so long that the other side must take it for dead.
  const ms = random.chance(0.15) ? random.whole(10_000, 60_000) : random.whole(1, 1_500);
  const roll = random.next();
  if (roll < 0.42) {
    const process = random.pick([
      "orchestrator",
      "orchestrator",
      "orchestrator",
      "gateway",
      "gateway",
      "warden",
      "agent",
      "reader",
      "reader",
    ]);
    return { step, kind: random.chance(0.75) ? "kill" : "pause", process, ms };
  }
  if (roll < 0.5) return { step, kind: "hand over", ms };
  if (roll < 0.58) return { step, kind: "power loss", ms };
  if (roll < 0.88) {
    const late = () => (random.chance(0.25) ? random.whole(1_000, 60_000) : random.whole(0, 20));
    const line = random.pick(["sandbox", "upstream", "sse", "grpc", "all"]);
    return { step, kind: "cut", line, delivers: random.chance(0.5), clientMs: late(), serverMs: late() };
  }
  if (roll < 0.93) return { step, kind: "slow network", times: random.pick([10, 100, 1_000]), ms };
  if (roll < 0.97) return { step, kind: "disk full", ms };
  return { step, kind: "sync fails", count: random.whole(1, 3) };
}

function repeat<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
