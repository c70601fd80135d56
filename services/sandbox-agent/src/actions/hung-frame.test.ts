import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { ActionRoom } from "./action-room.fixture.ts";

let room: ActionRoom;
let site: Site;
beforeAll(async () => {
  room = await ActionRoom.open();
  site = await startSite({
    "/": () =>
      `<h1>Shop</h1><input type=password value=top-secret><iframe src="${site.url.replace("127.0.0.1", "localhost")}/advert"></iframe>`,
    "/advert": `<p>Advert</p><script>onload = () => setTimeout(() => { fetch("/hangs"); setTimeout(() => { for (;;); }, 50) })</script>`,
    "/hangs": "",
  });
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

test.each([
  ["extract a part", { action: "extract", selector: "h1" }, "Shop"],
  ["extract the page", { action: "extract" }, "Shop"],
  ["look at it", { action: "get_dom" }, "Shop"],
  ["run a script", { action: "evaluate", params: { script: "return document.querySelector('h1').textContent" } }, "Shop"],
])("a frame that hangs keeps nobody from reading the page around it: %s", async (_how, step, found) => {
  await using desk = await room.desk();
  const before = site.asked.length;
  await desk.act({ action: "goto", params: { url: site.url } });
  await expect.poll(() => site.asked.slice(before), { timeout: 10_000 }).toContain("GET /hangs");
  const result = await desk.act(step);
  expect(result.found).toContain(found);
  expect(result.found).not.toContain("top-secret");
  expect(result.found).not.toContain("Advert");
});
