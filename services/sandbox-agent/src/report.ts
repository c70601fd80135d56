import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";

/** An event as the work says it; its sequence is the outbox's to give. */
export type EventDraft = { readonly summary: string; readonly payload: NonNullable<SandboxEvent["payload"]> };

/** Where the work says what happens. */
export interface Report {
  /** Writes an event to the outbox; waits while that is full. */
  say(event: EventDraft): Promise<void>;
  /** Writes an event, and waits until the orchestrator's journal has it: the intent barrier, for effects write and commit. */
  confirm(event: EventDraft): Promise<void>;
}
