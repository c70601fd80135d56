import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "@clew/streams/delay";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { ActionRoom, roomSecret } from "./action-room.fixture.ts";
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
    const { html, step, hangs } = endlessActions(site.url)[index]!;
    await using desk = await room.desk(html);
    const stop = new AbortController();
    const acting = desk.act(step, stop.signal);
    acting.catch(() => {});
    await delay(300);
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(acting).rejects.toBe(reason);
    if (hangs) return;
    const typed = () => desk.active.page.evaluate("document.querySelector('textarea')?.value.length ?? 0");
    // A few keys may be under way.
    await delay(300);
    const before = await typed();
    await delay(300);
    await expect(typed()).resolves.toBe(before);
  },
);

test.each(endlessActions("").flatMap(({ name, hangs }, index) => (hangs ? [[name, index] as const] : [])))(
  "is over in its time where it would %s",
  async (_, index) => {
    const { html, step } = endlessActions("")[index]!;
    await using desk = await room.desk(html);
    const soon = { ...step, params: { ...("params" in step && (step.params as object)), timeout_ms: 300 } };
    await expect(desk.act(soon)).rejects.toMatchObject({
      reason: "ACTION_TIMED_OUT",
      message: expect.stringMatching(/timed out after 0.3 s \(on about:blank\)/),
    });
  },
);

test("types a credential where the focus is, whatever hangs in a frame beside it", async () => {
  await using beside = await startSite({
    "/": `<script>Object.defineProperty(document, "activeElement", { get() { for (;;); } })</script>`,
  });
  await using desk = await room.desk(`<input autofocus><iframe src="${beside.url.replace("127.0.0.1", "localhost")}"></iframe>`);
  await desk.act({ action: "key_press", params: { credential_ref: "password" } });
  await expect(desk.active.page.inputValue("input")).resolves.toBe(roomSecret);
});
