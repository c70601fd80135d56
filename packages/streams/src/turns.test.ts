import { describe, expect, it } from "vitest";
import { Turns } from "./turns.ts";

describe("turns", () => {
  it("are taken one at a time, in the order in which they were asked for", async () => {
    const turns = new Turns();
    const went: string[] = [];
    const first = await turns.take();
    const second = turns.take().then((turn) => {
      went.push("second");
      return turn;
    });
    const third = turns.take().then(() => went.push("third"));
    await Promise.resolve();
    expect(went).toEqual([]);
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    await third;
    expect(went).toEqual(["second", "third"]);
  });

  it("pass by who waits no longer, and still not two at once", async () => {
    const turns = new Turns();
    const first = await turns.take();
    const gone = new AbortController();
    const second = turns.take(gone.signal);
    let isThird = false;
    const third = turns.take().then(() => {
      isThird = true;
    });
    gone.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    expect(isThird).toBe(false);
    first[Symbol.dispose]();
    await third;
  });
});
