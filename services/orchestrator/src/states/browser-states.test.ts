import { randomBytes } from "node:crypto";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { BrowserStates } from "./browser-states.ts";

const key = randomBytes(32).toString("base64");
const login = JSON.stringify({ cookies: [{ name: "sid", value: "a-session-of-somebody" }], origins: [] });

describe("a saved login", () => {
  let temp: TempFolder;
  let states: BrowserStates;
  const files = async () => (await readdir(join(temp.path, "states"))).map((name) => join(temp.path, "states", name));
  beforeEach(async () => {
    temp = await tempFolder();
    states = await BrowserStates.open(temp.path, key);
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  it("[weakness 31] is read as it was saved last, by its tenant and under its name only, until it is forgotten", async () => {
    await states.save("acme", "shop", "old");
    await states.save("acme", "shop", login);
    expect(await states.read("acme", "shop")).toBe(login);
    expect(await states.read("other", "shop")).toBeUndefined();
    expect(await states.read("acme", "other")).toBeUndefined();
    expect(await (await BrowserStates.open(temp.path, key)).read("acme", "shop")).toBe(login);
    await states.forget("acme", "shop", "old");
    expect(await states.read("acme", "shop")).toBe(login);
    await states.forget("acme", "shop", login);
    await states.forget("acme", "shop", login);
    expect(await states.read("acme", "shop")).toBeUndefined();
  });

  it("cannot be read or changed by who has the volume and not the key", async () => {
    await states.save("acme", "shop", login);
    const [file = ""] = await files();
    const bytes = await readFile(file);
    expect(bytes.toString("latin1")).not.toContain("session");
    const other = await BrowserStates.open(temp.path, randomBytes(32).toString("base64"));
    await expect(other.read("acme", "shop")).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
    for (const at of [0, 5, 20, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
      await writeFile(file, changed);
      await expect(states.read("acme", "shop")).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
    }
    for (const length of [0, 1, 28]) {
      await writeFile(file, bytes.subarray(0, length));
      await expect(states.read("acme", "shop")).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
    }
  });

  it("does not open in the place of another's", async () => {
    await states.save("other", "shop", "nothing");
    const [target = ""] = await files();
    await states.save("acme", "shop", login);
    const source = (await files()).find((file) => file !== target) ?? "";
    await copyFile(source, target);
    await expect(states.read("other", "shop")).rejects.toMatchObject({ reason: "STATE_UNREADABLE" });
  });

  it("may lie under a passphrase, which a restart derives the same key of", async () => {
    const phrase = "correct horse battery staple";
    await (await BrowserStates.open(temp.path, phrase)).save("acme", "shop", login);
    expect(await (await BrowserStates.open(temp.path, phrase)).read("acme", "shop")).toBe(login);
  });

  it("is neither read nor saved without a key", async () => {
    const none = await BrowserStates.open(temp.path, undefined);
    await expect(none.read("acme", "shop")).rejects.toMatchObject({ reason: "STATE_KEY_MISSING", message: expect.any(String) });
    await expect(none.save("acme", "shop", login)).rejects.toMatchObject({ reason: "STATE_KEY_MISSING" });
  });
});
