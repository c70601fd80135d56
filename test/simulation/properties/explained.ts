import type { History, LoggedRecord } from "../history.ts";
import type { Fault, RunPlan } from "../plan.ts";
import { beginningMs } from "../world/world.ts";
import { logOf, type Property } from "./property.ts";

/** Milliseconds of a silence that nobody takes for a death; with them, calls that wait for an answer go on too. */
const bearableMs = 9_000;
/** Milliseconds that orchestrators may be away in all before a sandbox ends itself. */
const absenceMs = 100_000;
/** The longest that a message is under way while nothing is slow. */
const latencyMs = 41;

/**
 * P13: a run ends as it was planned, in its first attempt, but where something that went wrong accounts for another end. The death of
 * an orchestrator does not: its sandboxes are adopted.
 */
export const explained: Property = (history) =>
  history.runs.flatMap((plan, run) => {
    const log = logOf(history, run);
    const last = log?.records.find(({ outcome }) => outcome !== undefined);
    if (log === undefined || last?.outcome === undefined) return [];
    const { state, reason } = last.outcome;
    const end = reason === "" || reason === state ? state : `${state} ${reason}`;
    const troubles = troublesOf(history, log.runId, last);
    const problems: string[] = [];
    const allowed = endsOf(plan, troubles);
    if (!allowed.has(end)) problems.push(`${log.runId} ended ${end}, and only ${[...allowed].join(", ")} had a cause`);
    if (troubles.sandbox || plan.ending === "dies before it starts") return problems;
    const lost = log.records.filter(
      ({ type, attempt }) => attempt < last.attempt && (type === "sandboxReady" || (type === "attemptStarted" && !troubles.orchestrator)),
    );
    return [
      ...problems,
      ...new Set(lost.map(({ attempt }) => `${log.runId} lost attempt ${attempt}, and nothing had touched its sandbox`)),
    ];
  });

/** What went wrong before a run's outcome, as far as it could change that. */
interface Troubles {
  /** Its sandbox was struck, or cut off for longer than is borne. */
  readonly sandbox: boolean;
  readonly orchestrator: boolean;
  readonly disk: boolean;
  /** Milliseconds by which its work may have been late. */
  readonly lateMs: number;
}

function troublesOf(history: History, runId: string, { timeMs }: LoggedRecord): Troubles {
  const faults = history.happenings.flatMap((each) =>
    each.kind === "fault" && beginningMs + each.atMs <= timeMs && meets(each.fault, each.struck, runId) ? [each.fault] : [],
  );
  const lateMs = faults.reduce((sum, fault) => sum + lateBy(fault), 0);
  return {
    sandbox: lateMs > absenceMs || faults.some(ruinsSandbox),
    orchestrator: faults.some((fault) => fault.kind === "hand over" || (fault.kind === "kill" && fault.process === "orchestrator")),
    disk: faults.some(({ kind }) => kind === "disk full" || kind === "sync fails"),
    lateMs,
  };
}

/** Whether a fault is this run's business. */
function meets(fault: Fault, struck: string | undefined, runId: string): boolean {
  switch (fault.kind) {
    case "kill":
    case "pause":
      return struck === "orchestrator" || (struck?.includes(runId) ?? false);
    case "cut":
      return fault.line === "sandbox" || fault.line === "all";
    default:
      return true;
  }
}

function ruinsSandbox(fault: Fault): boolean {
  switch (fault.kind) {
    case "kill":
      return fault.process !== "orchestrator";
    case "pause":
      return fault.process !== "orchestrator" && fault.ms > bearableMs;
    case "cut":
      return Math.max(fault.clientMs, fault.serverMs) > bearableMs;
    case "slow network":
      return 2 * latencyMs * fault.times > bearableMs;
    case "power loss":
    case "disk full":
    case "sync fails":
      return true;
    default:
      return false;
  }
}

function lateBy(fault: Fault): number {
  switch (fault.kind) {
    case "cut":
      return Math.max(fault.clientMs, fault.serverMs) + 5_000;
    case "slow network":
      return fault.ms + 2 * latencyMs * fault.times;
    case "sync fails":
      return 5_000;
    default:
      return fault.ms + 5_000;
  }
}

function endsOf({ ending, steps, stop, timeoutSeconds }: RunPlan, { sandbox, disk, lateMs }: Troubles): ReadonlySet<string> {
  const planned = {
    completed: "COMPLETED",
    failed: "FAILED",
    hangs: "TIMED_OUT",
    dies: "FAILED SANDBOX_LOST",
    "dies before it starts": "FAILED SANDBOX_LOST",
  } as const;
  const ends = new Set<string>([planned[ending]]);
  const workMs = steps.reduce((sum, step) => sum + ("ms" in step ? step.ms : 0) + 200, 0);
  if (workMs + lateMs > timeoutSeconds * 1_000) ends.add("TIMED_OUT");
  if (stop !== undefined) ends.add("TERMINATED");
  if (sandbox) for (const reason of ["SANDBOX_LOST", "SANDBOX_HUNG", "SANDBOX_START_FAILED"]) ends.add(`FAILED ${reason}`);
  if (disk) for (const reason of ["VOLUME_FULL", "VOLUME_FAILED"]) ends.add(`FAILED ${reason}`);
  return ends;
}
