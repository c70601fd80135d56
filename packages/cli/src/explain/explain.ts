import { type Artifact, isTerminal, type Run } from "@clew/client";
import { againText } from "../again-text.ts";
import { durationText } from "../duration-text.ts";
import { wayOut } from "../way-out.ts";
import { nextCommands } from "./next-commands.ts";
import type { Attempt, Deed, Story } from "./story.ts";

/** What one would want to know of a run: what was asked, done, begun and not confirmed, why it ended, and what to do next. */
export interface Explanation {
  readonly runId: string;
  readonly state: Run["state"];
  readonly createTime: string;
  /** Seconds from its creation to its end; undefined while it goes on. */
  readonly seconds: number | undefined;
  /** How long it took, in words; undefined while it goes on. */
  readonly took: string | undefined;
  readonly asked: {
    readonly work: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly by: string;
    readonly timeoutSeconds: number | undefined;
    /** The run it went on from; undefined where it began anew. */
    readonly parent: { readonly runId: string; readonly by: "continueFrom" | "forkFrom" } | undefined;
  };
  readonly deeds: readonly Deed[];
  readonly stepCount: number;
  readonly attempts: readonly Attempt[];
  /** Actions that write and were begun, of which nobody knows whether they were done. */
  readonly unconfirmed: Run["unconfirmedActions"];
  /** What came of it, or where it stands, as one sentence. */
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Why it did not complete, and the way out; undefined where it did, or goes on. */
  readonly why: { readonly reason: string; readonly message: string; readonly wayOut: string | undefined } | undefined;
  readonly stop: Story["stop"];
  readonly effects: Run["effects"];
  /** Whether it is safe to run again, as a sentence; undefined while it goes on. */
  readonly again: string | undefined;
  readonly warnings: readonly string[];
  readonly artifacts: readonly Artifact[];
  /** Commands that work as they stand, and what each is for. */
  readonly next: readonly { readonly command: string; readonly purpose: string }[];
}

/** Explains a run by its record; a pure fold. `toCommand` makes a command of the words after `clew`. */
export function explain(run: Run, story: Story, toCommand: (words: string) => string): Explanation {
  const { id, state, createTime, endTime, outcome, spec, effects, unconfirmedActions } = run;
  const over = isTerminal(state);
  const error = outcome?.error;
  return {
    runId: id,
    state,
    createTime,
    seconds: endTime === undefined ? undefined : (Date.parse(endTime) - Date.parse(createTime)) / 1000,
    took: durationText(run),
    asked: {
      work: workOf(run),
      params: spec.params ?? {},
      by: story.createdBy,
      timeoutSeconds: spec.timeoutSeconds,
      parent: parentOf(run),
    },
    deeds: story.deeds,
    stepCount: story.stepCount,
    attempts: story.attempts,
    unconfirmed: unconfirmedActions,
    summary: outcome?.summary || standing(run, story),
    data: outcome?.data ?? {},
    why: error === undefined ? undefined : { reason: error.reason, message: error.message, wayOut: wayOut(error.reason, error.details) },
    stop: story.stop,
    effects,
    again: !over
      ? undefined
      : state === "COMPLETED" && effects === "COMMITTED"
        ? "It was done, and confirmed; to run it again is to do it again."
        : againText[effects],
    warnings: story.warnings,
    artifacts: story.artifacts,
    next: nextCommands(run, story).map(({ words, purpose }) => ({ command: toCommand(words), purpose })),
  };
}

function workOf({ spec, playbook }: Run): string {
  if (spec.directive !== undefined) return `directive: ${spec.directive}`;
  const name = playbook?.id ?? spec.playbook ?? "a playbook";
  const version = playbook?.version ? ` version ${playbook.version}` : "";
  const pin = playbook === undefined ? "" : ` (sha256 ${playbook.sha256.slice(0, 12)}…)`;
  return `playbook ${name}${version}${pin}${spec.playbook === undefined ? ", given as text" : ""}`;
}

function parentOf({ spec: { continueFrom, forkFrom } }: Run): Explanation["asked"]["parent"] {
  if (continueFrom !== undefined) return { runId: continueFrom, by: "continueFrom" };
  return forkFrom === undefined ? undefined : { runId: forkFrom, by: "forkFrom" };
}

function standing({ state, awaits }: Run, { queuePosition, stepCount, deeds }: Story): string {
  const step = deeds.at(-1)?.step;
  switch (state) {
    case "QUEUED":
      return queuePosition === undefined || queuePosition === 0
        ? "It waits for a place."
        : `It waits for a place; ${queuePosition} were ahead of it.`;
    case "STARTING":
      return "Its sandbox is being started.";
    case "WAITING":
      return `It waits for a person${awaits === undefined ? "." : `: ${awaits.prompt}`}`;
    case "FINALIZING":
      return "Its outcome is known; its recordings are being stored.";
    default:
      return step === undefined ? "It goes on." : `It goes on: step ${step}${stepCount > 0 ? ` of ${stepCount}` : ""}.`;
  }
}
