import { Fault } from "@clew/fault/fault";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ActionRoom } from "../actions/action-room.fixture.ts";
import { challengeBehind } from "../captcha/challenge-behind.ts";
import { storeScreenshot } from "../recording/screenshot.ts";
import { LastLooks } from "./last-looks.ts";

const { signal } = new AbortController();
const never = () => new Promise<never>(() => {});
const timedOut = { reason: "ACTION_TIMED_OUT" };

describe("the time that looks share", () => {
  it("is used up by what is not answered, and then nothing is asked until it is renewed", async () => {
    const looks = new LastLooks(30);
    let asked = 0;
    const ask = () => looks.ask(async () => ++asked, signal);
    await expect(ask()).resolves.toBe(1);
    await expect(looks.ask(never, signal)).rejects.toMatchObject(timedOut);
    await expect(ask()).rejects.toMatchObject(timedOut);
    expect(asked).toBe(1);
    looks.renew();
    await expect(ask()).resolves.toBe(2);
  });

  it("is not used up by what has a shorter time of its own, and by what is answered", async () => {
    const looks = new LastLooks(60_000);
    await expect(looks.ask(never, signal, 10)).rejects.toMatchObject(timedOut);
    await expect(looks.ask(async ({ timeout }) => timeout, signal)).resolves.toBeLessThan(60_000);
    await expect(looks.ask(async ({ timeout }) => timeout, signal)).resolves.toBeGreaterThan(0);
  });

  it("ends a look whose time is over, and with the signal, whose reason it gives", async () => {
    const ends: unknown[] = [];
    const look = (options: { readonly signal: AbortSignal }) => {
      options.signal.addEventListener("abort", () => ends.push(options.signal.reason));
      return never();
    };
    await expect(new LastLooks(10).ask(look, signal)).rejects.toMatchObject(timedOut);
    expect(ends).toMatchObject([timedOut]);
    const stop = new AbortController();
    const looking = new LastLooks().ask(look, stop.signal);
    stop.abort(new Error("enough"));
    await expect(looking).rejects.toThrow("enough");
    expect(ends).toHaveLength(2);
  });
});

describe("a page that hangs", () => {
  let room: ActionRoom;
  beforeAll(async () => {
    room = await ActionRoom.open();
  });
  afterAll(() => room[Symbol.asyncDispose]());

  it("is not looked at again by whoever looks for a challenge or takes a picture, once it left what was sought unanswered", async () => {
    const looks = new LastLooks(500);
    await using hung = await room.desk("<button>Go</button>", { looks });
    hung.active.page.evaluate("for (;;);").catch(() => {});
    await expect(hung.act({ action: "click", selector: "button" })).rejects.toMatchObject(timedOut);
    await using desk = await room.desk("<title>Just a moment...</title>");
    const { active, context } = desk;
    const failure = new Fault("ACTION_TIMED_OUT");
    const picture = (how: LastLooks) =>
      storeScreenshot(active.page, { name: "failure.jpg", files: context.files, secrets: [], signal, looks: how });
    await expect(challengeBehind(failure, { active, signal, looks })).resolves.toBeUndefined();
    await expect(picture(looks)).resolves.toBeUndefined();
    // Another's time is another's.
    await expect(challengeBehind(failure, context)).resolves.toMatchObject({ kind: "cloudflare" });
    await expect(picture(context.looks)).resolves.toBe("failure.jpg");
  });
});
