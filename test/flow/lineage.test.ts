import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startSystem } from "../support/system.ts";

test("two runs that are forked from one that logged in are logged in, at the page where it was, until it lets go of that", async () => {
  await using system = await startSystem({ CLEW_STATE_KEY: "a passphrase of the test" });
  const { backOffice, clew, volume } = system;
  const reading = (more: object) =>
    JSON.stringify({ id: "reading", ...more, steps: [{ action: "extract", selector: "h1", store_as: "heading" }] });
  const auth = { mode: "form_login", login_url: `${backOffice.url}/login`, success: { url_contains: "/orders" } };
  const credentials = { username: "demo", password: "demo" };
  const parent = await clew.createRun(system.spec(reading({ auth }), { credentials, keepAliveSeconds: 0 }));
  expect(await parent.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } } });
  expect(backOffice.logins).toHaveLength(1);

  const forks = await Promise.all([1, 2].map(() => clew.createRun(system.spec(reading({}), { forkFrom: parent.id }))));
  const ends = await Promise.all([forks[0]?.result(), forks[1]?.result()]);
  for (const end of ends)
    expect(end).toMatchObject({ state: "COMPLETED", outcome: { data: { heading: "Orders" } }, run: { parentRun: parent.id } });
  expect(backOffice.logins).toHaveLength(1);
  const children = await Array.fromAsync(clew.listRuns({ parentRun: parent.id }));
  expect(children.map(({ id }) => id).sort()).toEqual(forks.map(({ id }) => id).sort());

  const left = () => readdir(join(volume, "runs", parent.id));
  expect(await left()).toContain("session");
  await parent.release();
  await parent.release();
  expect(await left()).not.toContain("session");
  await expect(clew.createRun(system.spec(reading({}), { forkFrom: parent.id }))).rejects.toMatchObject({ reason: "PARENT_GONE" });
}, 240_000);
