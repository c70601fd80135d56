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
