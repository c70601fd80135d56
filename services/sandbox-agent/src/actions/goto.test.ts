import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { ActionRoom } from "./action-room.fixture.ts";

let room: ActionRoom;
let site: Site;
beforeAll(async () => {
  [room, site] = await Promise.all([
    ActionRoom.open(),
    startSite({
      "/": "<title>Shop</title>",
      "/cut": (_, response) => {
        response.writeHead(200, { "content-type": "text/html", "content-length": "1000" }).write("<p>half</p>", () => response.destroy());
        return undefined;
      },
      "/broken": (_, response) => {
        response.destroy();
        return undefined;
      },
    }),
  ]);
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const times = 15;

test("opens an address right after one that could not be opened, whose page for the error is still to come", async () => {
  await using desk = await room.desk();
  for (let time = 0; time < times; time++) {
    await expect(desk.act({ action: "goto", params: { url: `${site.url}/broken` } })).rejects.toMatchObject({
      reason: "NAVIGATION_FAILED",
    });
    await expect(desk.act({ action: "goto", params: { url: site.url } })).resolves.toEqual({ did: `Opened ${site.url}/ (status 200)` });
  }
});

test("goes on at once on a page that broke off", { timeout: 30_000 }, async () => {
  await using desk = await room.desk(`<a href="${site.url}/cut">Go</a>`);
  await desk.act({ action: "click", selector: "a" });
  await expect.poll(() => desk.active.url).toBe(`${site.url}/cut`);
  // Each would wait three seconds for a page that is still coming: too long for the test.
  for (let time = 0; time < times; time++)
    await expect(desk.act({ action: "extract", selector: "p" })).resolves.toMatchObject({ found: "half" });
});
