import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "@clew/streams/delay";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Site } from "../browser/site.fixture.ts";
import { ActionRoom } from "./action-room.fixture.ts";
import { endlessActions, startEndlessSite } from "./endless-actions.fixture.ts";

let room: ActionRoom;
let site: Site;
beforeAll(async () => {
  [room, site] = await Promise.all([ActionRoom.open(), startEndlessSite()]);
  await writeFile(join(room.folder, "inputs", "a.txt"), "a");
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

test.each(endlessActions("").map(({ name }, index) => [name, index] as const))(
  "is stopped while it would %s, and leaves the page at rest",
  async (_, index) => {
    const { html, step } = endlessActions(site.url)[index]!;
    await using desk = await room.desk(html);
    const stop = new AbortController();
    const acting = desk.act(step, stop.signal);
    acting.catch(() => {});
    await delay(300);
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(acting).rejects.toBe(reason);
    const typed = () => desk.active.page.evaluate("document.querySelector('textarea')?.value.length ?? 0");
    // A few keys may be under way.
    await delay(300);
    const before = await typed();
    await delay(300);
    await expect(typed()).resolves.toBe(before);
  },
);
