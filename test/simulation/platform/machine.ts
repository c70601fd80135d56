import type { SimulatedDisk } from "../world/simulated-disk.ts";
import type { World } from "../world/world.ts";

/** The machine that a history happens on. */
export interface Machine {
  readonly world: World;
  readonly disk: SimulatedDisk;
}

let machine: Machine | undefined;

/** The machine that the simulated platform belongs to just now: one history at a time in a thread. */
export function here(): Machine {
  if (machine === undefined) throw new Error("No history is under way, so there is no machine to do this on.");
  return machine;
}

/** Whether a history is under way. */
export function isUnderWay(): boolean {
  return machine !== undefined;
}

/** Puts a machine behind the platform. */
export function enter(next: Machine): void {
  machine = next;
}

/** Does something on the disk after the time that takes. A process that is killed meanwhile may have done it, or not, or a part. */
export function onDisk<T>(ms: number, apply: () => T, applyPart: () => void = apply): Promise<T> {
  const { world } = here();
  const { random } = world;
  return new Promise((resolve, reject) => {
    const done = () => {
      try {
        resolve(apply());
      } catch (error) {
        reject(error);
      }
    };
    const cutShort = () => {
      if (!random.chance(0.5)) return;
      try {
        applyPart();
      } catch {
        // Nobody is left to be told.
      }
    };
    world.after(random.chance(0.02) ? ms * 20 : ms * (0.5 + random.next()), world.current, done, cutShort);
  });
}
