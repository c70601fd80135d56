import type { Happening } from "../history.ts";
import type { Machine } from "../platform/machine.ts";
import type { CallNetwork } from "../world/calls.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";

/** What every part of a history stands on. */
export interface Stage extends Machine {
  readonly network: CallNetwork;
  /** Notes that something happened. */
  readonly note: (happening: Happening) => void;
  /** Ends a process, and what it had open. */
  readonly kill: (process: SimulatedProcess) => void;
  /** Changes when the machine with the volume is started again. */
  bootId: number;
}
