import type { Fault } from "@clew/fault/fault";

/** Who is told what a hub goes through. */
export interface HubWatch {
  /** An event did not follow the one before. */
  gap(): void;
  /** A run's stream was opened again. */
  reopened(): void;
  /** A run's stream ended with this. */
  failed(fault: Fault): void;
}
