import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ActionRoom } from "../actions/action-room.fixture.ts";
import { capture } from "./capture.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const unready = "page.screenshot: Protocol error (Page.captureScreenshot): Unable to capture screenshot";

/** A page whose browser fails so at the first asks; `asked` counts all of them. */
function failing(page: Page, message: string, times: number): { readonly page: Page; asked: number } {
  const failing = { page, asked: 0 };
  failing.page = new Proxy(page, {
    get: (whole, name) =>
      name === "screenshot" && failing.asked++ < times ? () => Promise.reject(new Error(message)) : Reflect.get(whole, name, whole),
  });
  return failing;
}

test("asks again where the browser has nothing to show yet, and no more often than it says", async () => {
  await using desk = await room.desk("<h1>Ariadne</h1>");
  const late = failing(desk.active.page, unready, 2);
  expect((await capture(late.page, { type: "jpeg" })).subarray(0, 3).toString("hex")).toBe("ffd8ff");
  expect(late.asked).toBe(3);
  const never = failing(desk.active.page, unready, Number.POSITIVE_INFINITY);
  await expect(capture(never.page, {})).rejects.toThrow(unready);
  expect(never.asked).toBe(10);
});

test("asks once where it fails for another reason, and ends with its signal", async () => {
  await using desk = await room.desk();
  const other = failing(desk.active.page, "page.screenshot: Target closed", 1);
  await expect(capture(other.page, {})).rejects.toThrow("Target closed");
  expect(other.asked).toBe(1);
  const reason = new Error("stopped");
  const never = failing(desk.active.page, unready, Number.POSITIVE_INFINITY);
  await expect(capture(never.page, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(never.asked).toBe(1);
});
