import { here } from "./machine.ts";

/** `node:timers/promises` on the simulated machine. */
export function setImmediate(): Promise<void> {
  return here().world.sleep(0);
}

export function setTimeout(ms: number): Promise<void> {
  return here().world.sleep(ms);
}
