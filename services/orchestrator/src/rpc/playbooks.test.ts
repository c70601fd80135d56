import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { Catalogue } from "../playbooks/catalogue.ts";
import { getPlaybook, validatePlaybook } from "./playbooks.ts";

const calling = (call: string, id = "mine") => `id: ${id}\nsteps:\n  - { ${call} }\n`;

it.each([
  ["one that does not exist", "call: nowhere", "calls 'nowhere', and there is no such playbook"],
  ["itself", "call: mine", "calls 'mine' in a circle: mine → mine"],
  ["one without its parameter", "call: hello", "does not give 'hello' its parameter 'order'"],
])("a playbook that calls %s is not valid, by its text and by its id", async (_, call, message) => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, "hello.yaml"), "parameters: [{ name: order }]\nsteps: [{ action: extract }]\n");
  await writeFile(join(folder.path, "mine.yaml"), calling(call));
  const catalogue = await Catalogue.open(folder.path);
  const problem = { playbook: "", field: "steps[0].call", message, line: 3, column: 13 };
  expect(await validatePlaybook(calling(call), catalogue)).toMatchObject({ valid: false, problems: [problem] });
  expect((await getPlaybook("mine", catalogue)).playbook?.problems).toMatchObject([problem]);
  expect(await validatePlaybook(calling("call: hello, params: { order: '1' }"), catalogue)).toMatchObject({ valid: true, problems: [] });
});

it("a playbook that does not exist is named, with the nearest that does", async () => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, "hello.yaml"), "steps: [{ action: extract }]\n");
  const catalogue = await Catalogue.open(folder.path);
  await expect(getPlaybook("hellp", catalogue)).rejects.toMatchObject({
    reason: "PLAYBOOK_NOT_FOUND",
    message: "There is no playbook 'hellp'; did you mean 'hello'?",
    details: { playbook: "hellp", nearest: "hello" },
  });
  await expect(getPlaybook("pay", catalogue)).rejects.toMatchObject({
    message: "There is no playbook 'pay'.",
    details: { playbook: "pay" },
  });
  await expect(getPlaybook("../hello", catalogue)).rejects.toMatchObject({ reason: "PLAYBOOK_NOT_FOUND", details: {} });
});
