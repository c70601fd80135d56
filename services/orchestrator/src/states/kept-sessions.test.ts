import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { BrowserStates } from "./browser-states.ts";
import { KeptSessions } from "./kept-sessions.ts";

const one = { id: `run-${"1".repeat(32)}`, tenant: "acme" };
const other = { id: `run-${"2".repeat(32)}`, tenant: "acme" };
const session = { browserState: '{"cookies":[],"origins":[]}', address: "https://example.org/orders", memory: "Two orders are open." };

describe("what a run leaves for forks", () => {
  let temp: TempFolder;
  const sessions = async (key: string | undefined = "a passphrase of the test") =>
    new KeptSessions({ volume: { runFolder: (runId) => join(temp.path, runId) }, states: await BrowserStates.open(temp.path, key) });
  beforeEach(async () => {
    temp = await tempFolder();
    for (const { id } of [one, other]) await mkdir(join(temp.path, id));
  });
  afterEach(() => temp[Symbol.asyncDispose]());

  it("is there for the next orchestrator, until it is removed, and in no readable form", async () => {
    await (await sessions()).save(one, session);
    const next = await sessions();
    expect(await next.read(one)).toEqual(session);
    expect(await next.read(other)).toBeUndefined();
    const [name = ""] = await readdir(join(temp.path, one.id));
    expect(await readFile(join(temp.path, one.id, name), "latin1")).not.toMatch(/cookies|orders|open/);
    await next.remove(one);
    await next.remove(one);
    expect(await next.read(one)).toBeUndefined();
    expect(await readdir(join(temp.path, one.id))).toEqual([]);
  });

  it("opens under its key, for its run and its tenant only", async () => {
    const mine = await sessions();
    await mine.save(one, session);
    await expect(mine.read({ ...one, tenant: "rival" })).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
    await expect((await sessions("another passphrase")).read(one)).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
    await rename(join(temp.path, one.id, "session"), join(temp.path, other.id, "session"));
    await expect(mine.read(other)).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
  });

  it("is neither kept nor read without a key, and can be removed", async () => {
    await (await sessions()).save(one, session);
    const none = new KeptSessions({
      volume: { runFolder: (runId) => join(temp.path, runId) },
      states: await BrowserStates.open(temp.path, undefined),
    });
    await expect(none.save(one, session)).rejects.toMatchObject({ reason: "STATE_KEY_MISSING" });
    await expect(none.read(one)).rejects.toMatchObject({ reason: "STATE_KEY_MISSING" });
    await none.remove(one);
    expect(await readdir(join(temp.path, one.id))).toEqual([]);
  });
});
