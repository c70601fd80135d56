import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "./playbook-room.fixture.ts";

const press = `onclick="navigator.sendBeacon('/press')"`;

let site: Site;
let room: PlaybookRoom;
let presses = 0;

beforeAll(async () => {
  [site, room] = await Promise.all([
    startSite({
      "/covered": `<button ${press}>Press</button><div style="position: fixed; inset: 0"></div>`,
      "/covered-box": `<input type="checkbox" ${press}><div style="position: fixed; inset: 0"></div>`,
      "/disabled": `<button disabled ${press}>Press</button>`,
      "/missing": "<p>Nothing to press</p>",
      // The click is taken, and nobody hears of it in time.
      "/hangs": `<button onclick="navigator.sendBeacon('/press'); for (const end = Date.now() + 4000; Date.now() < end; );">Press</button>`,
      "/press": () => {
        presses++;
        return "";
      },
    }),
    PlaybookRoom.open(),
  ]);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

test.each([
  ["a button that is covered", "/covered", "{ action: click, selector: button", true],
  ["a box that is covered", "/covered-box", "{ action: check, selector: input", true],
  ["a button that is disabled", "/disabled", "{ action: click, selector: button", true],
  ["a button that is not there", "/missing", "{ action: click, selector: button", true],
  ["a button whose page then answers nothing", "/hangs", "{ action: click, selector: button", false],
])("says of a failed action on %s whether it touched the page", async (_, path, step, untouched) => {
  presses = 0;
  const params = step.includes("check,") ? "checked: true, timeout_ms: 500" : "timeout_ms: 500";
  const report = await room.run(`start_url: "${site.url}${path}"\nsteps: [${step}, params: { ${params} }, on_failure: abort }]`);
  expect(report.all("actionCompleted").at(-1)).toMatchObject({ success: false, untouched });
  await expect.poll(() => presses).toBe(untouched ? 0 : 1);
});
