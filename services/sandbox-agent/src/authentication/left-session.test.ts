import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { parseBrowserState } from "./browser-state.ts";

let room: PlaybookRoom;
beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const page = `<h1>Home</h1><script>document.cookie = "sid=a-session-of-somebody"; localStorage.setItem("theme", "a-theme-of-somebody")</script>`;
const open = (url: string, more: readonly object[] = []) =>
  JSON.stringify({ id: "opening", steps: [{ action: "goto", params: { url } }, ...more] });

test.each([
  ["completes", []],
  ["fails", [{ action: "click", selector: "#never", params: { timeout_ms: 200 }, on_failure: "abort" }]],
])("a run that %s leaves its login and its address where it is asked to, and nothing where it is not", async (_, more) => {
  await using site = await startSite({ "/home": page });
  const url = `${site.url}/home`;
  const run = async (spec: object) => {
    const work = await room.start(open(url, more), { spec }, new ReportInMemory());
    await work.done;
    return work.login.session;
  };
  const left = await run({ keepAliveSeconds: 0 });
  const { cookies = [], origins = [] } = parseBrowserState(left?.browserState ?? "") ?? {};
  expect(cookies).toMatchObject([{ name: "sid", value: "a-session-of-somebody" }]);
  expect(origins).toEqual([{ origin: site.url, localStorage: [{ name: "theme", value: "a-theme-of-somebody" }] }]);
  expect(left?.address).toBe(url);
  expect(await run({})).toBeUndefined();
});

test("a run begins with the login of the one it is forked from, at the address of that unless it has one", async () => {
  await using site = await startSite({ "/home": page, "/other": "<h1>Other</h1>" });
  const work = await room.start(open(`${site.url}/home`), { spec: { keepAliveSeconds: 0 } }, new ReportInMemory());
  await work.done;
  const session = work.login.session;
  const looking = (start: object) =>
    JSON.stringify({ id: "looking", ...start, steps: [{ action: "extract", selector: "h1", store_as: "heading" }] });
  for (const [start, heading] of [
    [{}, "Home"],
    [{ start_url: `${site.url}/other` }, "Other"],
  ] as const) {
    const report = new ReportInMemory();
    const fork = await room.start(looking(start), { session, spec: { keepAliveSeconds: 0 } }, report);
    await fork.done;
    expect(report.outcome.outcome.data).toEqual({ heading });
    expect(parseBrowserState(fork.login.session?.browserState ?? "")?.cookies).toMatchObject([{ name: "sid" }]);
  }
});
