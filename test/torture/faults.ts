import { delay } from "@clew/streams/delay";
import type { CuttingProxy } from "../support/cutting-proxy.ts";
import type { Fleet, Member } from "../support/fleet.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { cutPower, orphanSandboxes } from "./power-cut.ts";
import { sandboxMembers, signalTo } from "./sandboxes.ts";

/** What can be done to whom. */
const choices = [
  "kill orchestrator",
  "kill orchestrator",
  "pause orchestrator",
  "hand over orchestrator",
  "kill gateway",
  "kill gateway",
  "pause gateway",
  "drain gateway",
  "cut orchestrator",
  "cut readers",
  "kill warden",
  "kill bwrap",
  "kill agent",
  "kill browser",
  "pause agent",
  "pause browser",
  "pause warden",
  "orphan sandboxes",
  "cut power",
] as const;

/** Milliseconds of a pause after which leases are over and the time of an action may be. */
const longPauseMs = 7_000;

/** One of them. */
type Choice = (typeof choices)[number];

/** What there is to do it to. */
export interface Targets {
  readonly fleet: Fleet;
  /** Between gateways and orchestrator. */
  readonly upstream: CuttingProxy;
  /** Those between readers and the doors. */
  readonly readers: ReadonlySet<CuttingProxy>;
  /** The runs that go on. */
  readonly going: ReadonlySet<string>;
  /** Gets the runs of which a process was killed, or the browser paused. */
  readonly harmed: Set<string>;
  /** Gets how often each was done. */
  readonly faults: Map<string, number>;
  readonly onFault: (what: string) => void;
  /** Milliseconds from one to the next, at least and at most. */
  readonly pauseMs: readonly [number, number];
}

/** Does one thing after the other, as chance has it, until `signal` aborts; each is over, and what was killed runs again, before this resolves. */
export async function wreakHavoc(targets: Targets, random: SeededRandom, signal: AbortSignal): Promise<void> {
  const { faults, pauseMs } = targets;
  for (;;) {
    await delay(random.integer(...pauseMs), { signal }).catch(() => {});
    if (signal.aborted) return;
    const choice = random.pick(choices);
    const whom = await strike(choice, targets, random);
    if (whom === undefined) continue;
    faults.set(choice, (faults.get(choice) ?? 0) + 1);
    targets.onFault(`${choice}: ${whom}`);
  }
}

/** Does one thing; answers to whom, undefined where nobody was there for it. */
async function strike(choice: Choice, targets: Targets, random: SeededRandom): Promise<string | undefined> {
  const { fleet, upstream, readers, going, harmed } = targets;
  const gateway: Member = random.pick(fleet.gateways);
  // Mostly a moment, sometimes long enough that a lease on others must be begun afresh.
  const pauseMs = random.next() < 0.15 ? longPauseMs : random.integer(100, 2_000);
  switch (choice) {
    case "kill orchestrator":
    case "hand over orchestrator":
      await fleet.orchestrator.restart(choice === "kill orchestrator" ? "SIGKILL" : "SIGTERM");
      return fleet.orchestrator.address;
    case "pause orchestrator":
      await fleet.orchestrator.pause(pauseMs);
      return `${pauseMs} ms`;
    case "kill gateway":
    case "drain gateway":
      await gateway.restart(choice === "kill gateway" ? "SIGKILL" : "SIGTERM");
      return gateway.address;
    case "pause gateway":
      await gateway.pause(pauseMs);
      return `${gateway.address} for ${pauseMs} ms`;
    case "cut orchestrator":
      upstream.cutAll();
      return "all its gateways";
    case "cut readers":
      for (const proxy of readers) proxy.cutAll();
      return `${readers.size}`;
    case "orphan sandboxes":
      return `${await orphanSandboxes(fleet, harmed)}`;
    case "cut power":
      for (const runId of going) harmed.add(runId);
      await cutPower(fleet);
      return `${going.size} runs`;
    case "kill warden":
    case "kill bwrap":
    case "kill agent":
    case "kill browser":
    case "pause agent":
    case "pause browser":
    case "pause warden":
      return await strikeSandbox(choice, fleet, pauseMs, random, harmed);
  }
}

async function strikeSandbox(
  choice: string,
  fleet: Fleet,
  pauseMs: number,
  random: SeededRandom,
  harmed: Set<string>,
): Promise<string | undefined> {
  const [verb, role] = choice.split(" ");
  const [first, ...others] = sandboxMembers(fleet.volume).filter((member) => member.role === role);
  if (first === undefined) return undefined;
  const victim = random.pick([first, ...others]);
  // One whose browser stands still, or whose agent does for long, may well run out of the time that an action has.
  if (verb === "kill" || role === "browser" || (role === "agent" && pauseMs >= longPauseMs)) harmed.add(victim.runId);
  if (verb === "kill") {
    return signalTo(victim, "SIGKILL") ? victim.runId : undefined;
  }
  if (!signalTo(victim, "SIGSTOP")) return undefined;
  await delay(pauseMs);
  signalTo(victim, "SIGCONT");
  return `${victim.runId} for ${pauseMs} ms`;
}
