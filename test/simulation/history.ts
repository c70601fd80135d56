import type { Fault, RunPlan } from "./plan.ts";

/** A record of a journal, as it is found when all is over. */
export interface LoggedRecord {
  readonly sequence: number;
  readonly attempt: number;
  /** 0 the orchestrator, 1 the agent, 2 the warden. */
  readonly producer: number;
  readonly producerSequence: number;
  /** The last sequence that was durable when this one was written. */
  readonly durable: number;
  readonly type: string;
  /** What a reader resumes with who has it. */
  readonly token: string;
  readonly timeMs: number;
  /** The action it is about, if it is about one. */
  readonly actionId: string | undefined;
  /** What the run came to, where this record says so: a state, and a reason where there is one. */
  readonly outcome: { readonly state: string; readonly reason: string } | undefined;
}

/** A run's journal, read from what a last loss of power left of it. */
export interface FinalLog {
  readonly runId: string;
  readonly records: readonly LoggedRecord[];
}

/** What a frame said, as much as the properties ask. */
export type SeenFrame =
  | { readonly kind: "hello"; readonly sequence: number | undefined }
  | { readonly kind: "events"; readonly sequences: readonly number[] }
  | { readonly kind: "checkpoint"; readonly sequence: number | undefined }
  | { readonly kind: "end"; readonly lastSequence: number | undefined }
  | { readonly kind: "reset"; readonly sequence: number | undefined }
  | { readonly kind: "later" | "retry" | "ticketExpired" };

/** One thing that happened. */
export type Happening =
  /** Something went wrong; with the process it struck, where it was meant for one and that was there. */
  | { readonly kind: "fault"; readonly fault: Fault; readonly struck?: string | undefined }
  /** Somebody was told that the run they asked for exists. */
  | { readonly kind: "created"; readonly run: number; readonly runId: string }
  /** A reader opened a connection. */
  | { readonly kind: "opened"; readonly reader: string; readonly connection: number; readonly after: string }
  /** A connection brought something. */
  | { readonly kind: "frame"; readonly reader: string; readonly connection: number; readonly frame: SeenFrame }
  /** A reader's application was given an event. */
  | { readonly kind: "applied"; readonly reader: string; readonly sequence: number; readonly token: string; readonly type: string }
  /** A reader's process began anew with what it had kept. */
  | { readonly kind: "restarted"; readonly reader: string; readonly after: string }
  /** A reader was told that there is nothing more. */
  | { readonly kind: "finished"; readonly reader: string }
  | { readonly kind: "gaveUp"; readonly reader: string; readonly reason: string }
  /** A producer was told that its events are durable. */
  | { readonly kind: "acknowledged"; readonly runId: string; readonly attempt: number; readonly producer: number; readonly through: number }
  /** The orchestrator gave an event away; whether a loss of power at that moment would have spared it. */
  | { readonly kind: "served"; readonly runId: string; readonly sequence: number; readonly durable: boolean }
  /** The world outside was changed by an action. */
  | { readonly kind: "effect"; readonly runId: string; readonly attempt: number; readonly actionId: string }
  /** A process could not start, and is started again. */
  | { readonly kind: "notStarted"; readonly process: string; readonly message: string }
  /** An error nobody meant. */
  | { readonly kind: "unexpected"; readonly process: string; readonly message: string };

/** Who read what. */
export interface ReaderFacts {
  readonly name: string;
  readonly run: number;
  readonly types: readonly string[];
  /** Whether it began at the end instead of the beginning. */
  readonly fromNow: boolean;
}

/** All that happened from one seed. */
export interface History {
  readonly seed: number;
  readonly happenings: readonly (Happening & { readonly atMs: number })[];
  readonly readers: readonly ReaderFacts[];
  /** What was asked for. */
  readonly runs: readonly RunPlan[];
  readonly logs: readonly FinalLog[];
  /** Whether every reader reached the end within the time it has after the last fault. */
  readonly ended: "all finished" | "out of time" | "without end";
  /** What was left when all had been let go. */
  readonly leftovers: readonly string[];
  readonly picks: number;
  readonly virtualMs: number;
}
