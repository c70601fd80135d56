import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { CredentialSets } from "./credential-sets.ts";

describe("a credential set", () => {
  let temp: TempFolder;
  let sets: CredentialSets;
  beforeEach(async () => {
    temp = await tempFolder();
    sets = new CredentialSets(temp.path);
  });
  afterEach(() => temp[Symbol.asyncDispose]());

  const put = async (path: string, text: string, mode = 0o600) => {
    const file = join(temp.path, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, mode);
  };

  it("is names and values, in JSON or YAML, and perhaps the origins they are for", async () => {
    await put("acme/shop.yaml", "username: ada\npassword: thread-of-red\n");
    await put("acme/bank.json", '{"values": {"pin": "1234"}, "origins": ["https://bank.example"]}', 0o640);
    expect(await sets.read("acme", "shop")).toEqual({ values: { username: "ada", password: "thread-of-red" }, origins: [] });
    expect(await sets.read("acme", "bank")).toEqual({ values: { pin: "1234" }, origins: ["https://bank.example"] });
  });

  it("is its tenant's, and nobody finds another file by its name", async () => {
    await put("acme/shop.yaml", "password: x");
    await put("outside.yaml", "password: x");
    for (const [tenant, name] of [
      ["beta", "shop"],
      ["acme", "none"],
      ["acme", "../outside"],
      ["..", "outside"],
      [".", "outside"],
      ["", "outside"],
      ["acme", "shop.yaml\0"],
    ] as const)
      expect([tenant, name, await sets.read(tenant, name)]).toEqual([tenant, name, undefined]);
    expect(await new CredentialSets(undefined).read("acme", "shop")).toBeUndefined();
  });

  it.each([
    ["others may read", "password: x", 0o604, "chmod 640"],
    ["its group may write", "password: x", 0o660, "chmod 640"],
    ["holds a number", "pin: 1234", 0o600, "texts by name"],
    ["holds a list", "- 1", 0o600, "texts by name"],
    ["names what is no origin", "{ values: { a: b }, origins: ['https://bank.example/login'] }", 0o600, "values and origins"],
    ["is not YAML", "{", 0o600, "neither JSON nor YAML"],
  ])("that %s is refused, and not a word of it is said", async (_, text, mode, says) => {
    await put("acme/shop.yaml", text, mode);
    const refusal = expect.objectContaining({ reason: "CREDENTIALS_UNREADABLE", message: expect.stringContaining(says) });
    await expect(sets.read("acme", "shop")).rejects.toEqual(refusal);
  });

  it("that is no file is refused; one that a link leads to is read, as mounted secrets are", async () => {
    await mkdir(join(temp.path, "acme", "folder.yaml"), { recursive: true });
    await expect(sets.read("acme", "folder")).rejects.toMatchObject({ reason: "CREDENTIALS_UNREADABLE" });
    await put("data/real.yaml", "password: x");
    await symlink(join(temp.path, "data", "real.yaml"), join(temp.path, "acme", "linked.yaml"));
    expect((await sets.read("acme", "linked"))?.values).toEqual({ password: "x" });
  });
});
