import { expect, it } from "vitest";
import { Network } from "./network.ts";
import { World } from "./world.ts";

it("brings what is sent over one connection in order, however the network's speed changes", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const world = new World(seed);
    const network = new Network(world);
    const sent: number[] = [];
    const arrived: number[] = [];
    world.spawn("server", () => network.listen("there", {}));
    world.spawn("client", () => {
      const connection = network.open("there", "line")?.connection;
      for (let n = 0; n < 40; n++) {
        // Squared, so that the moment has all the digits that a number can have.
        world.after(world.random.next() ** 2 * 1_000, world.current, () => {
          network.slowness = world.random.chance(0.1) ? 3_000 : 1;
          connection?.send("server", () => arrived.push(sent.indexOf(n)));
          sent.push(n);
        });
      }
    });
    expect(await world.run(() => false, { picks: 1_000 })).toBe("idle");
    expect(arrived, `seed ${seed}`).toEqual(Array.from({ length: 40 }, (_, index) => index));
  }
});
