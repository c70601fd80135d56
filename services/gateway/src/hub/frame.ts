import type { Fault } from "@clew/fault/fault";
import type { Block } from "./block.ts";
import type { Position } from "./position.ts";
import type { RunEnd } from "./run-end.ts";

/** Events of a block, from one sequence to another, both included. */
export interface Events {
  readonly block: Block;
  readonly from: number;
  readonly to: number;
}

/** What a reader of a run is told beside its events. `position` is where it stands after the frame. */
export type Frame =
  | { readonly kind: "hello"; readonly position: Position; readonly tail: number }
  | { readonly kind: "checkpoint"; readonly position: Position }
  /** The position it had is of no history any more; what follows goes on from `position`. */
  | { readonly kind: "reset"; readonly position: Position; readonly fault: Fault }
  | { readonly kind: "end"; readonly end: RunEnd };

/** Where a reader's frames go. It queues nothing beyond what its socket takes. */
export interface Sink {
  /** Whether anything may be put now. Where not, the reader's bell rings when it may. */
  readonly hasRoom: boolean;
  /** Takes events, at least the first; answers the sequence of the last it took. */
  putEvents(events: Events): number;
  /** Takes a frame. @throws Fault where its caller must decide: a typed door's `reset`. */
  put(frame: Frame): void;
}
