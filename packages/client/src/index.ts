export { Fault, type Violation } from "@clew/fault/fault";
export { isReason, type Reason, reasons } from "@clew/fault/reasons";
export { type AtomicChange, type AtomicStore, applyAtomically } from "./apply-atomically.ts";
export {
  type CallOptions,
  type Clew,
  type ClewOptions,
  createClew,
  type DryRun,
  type Playbook,
  type PlaybookValidation,
  type RunFilters,
  type Ticket,
  type UploadedFile,
} from "./clew.ts";
export type { DownloadOptions, Sha256 } from "./download.ts";
export type { EventPage, PageOptions } from "./read-events.ts";
export { type Artifact, isTerminal, type Outcome, type Run, type RunSpec, type RunState } from "./run.ts";
export type { RunEvent, RunEventType } from "./run-event.ts";
export type { EventsOptions, RunAnswer, RunHandle, RunResult } from "./run-handle.ts";
export type { RunStreams, StreamsOptions } from "./run-streams.ts";
