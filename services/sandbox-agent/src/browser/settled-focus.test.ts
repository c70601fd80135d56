import { afterAll, beforeAll, expect, test } from "vitest";
import { ActionRoom, roomSecret } from "../actions/action-room.fixture.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const times = 15;

test.each([
  { what: "a key", step: { action: "press", params: { key: "a" } }, typed: "a" },
  { what: "a text", step: { action: "key_press", params: { text: "Ariadne" } }, typed: "Ariadne" },
  { what: "a credential", step: { action: "key_press", params: { credential_ref: "password" } }, typed: roomSecret },
])("$what goes into what asks for the focus, as soon as the page is there", async ({ step, typed }) => {
  for (let time = 0; time < times; time++) {
    await using desk = await room.desk("<input autofocus>");
    await desk.act(step);
    await expect(desk.active.page.inputValue("input")).resolves.toBe(typed);
  }
});

test("a page that never says that it was drawn is typed into all the same, where the focus is", async () => {
  await using desk = await room.desk(`<script>requestAnimationFrame = () => {}</script><input><p autofocus>`);
  await desk.act({ action: "press", params: { key: "Tab" } });
  await desk.act({ action: "press", params: { key: "a" } });
  await expect(desk.active.page.inputValue("input")).resolves.toBe("a");
});
