import type { Duplex } from "node:stream";

/** Leads all that one socket brings to the other, both ways, one end at a time: both must be open to being half open. When one breaks or closes, both do. */
export function joinSockets(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => to.destroy());
    from.once("close", () => to.destroy());
    from.pipe(to);
  }
}
