import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { findCalled } from "./called-playbooks.ts";
import { Catalogue } from "./catalogue.ts";

const text = (calls: readonly string[], head = "") =>
  `${head}steps:\n  - { action: goto, params: { url: "https://example.org/" } }\n${calls.map((call) => `  - { ${call} }\n`).join("")}`;

describe("the playbooks that one calls", () => {
  let temp: TempFolder;
  beforeEach(async () => {
    temp = await tempFolder();
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  async function find(source: string, others: Readonly<Record<string, string>>): Promise<readonly string[]> {
    for (const [id, other] of Object.entries(others)) await writeFile(join(temp.path, `${id}.yaml`), other);
    const parsed = parsePlaybook(source, { id: "main" });
    if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
    return [...(await findCalled(parsed.playbook, await Catalogue.open(temp.path))).keys()].sort();
  }

  it("are found however deep, each once", async () => {
    const others = { a: text(["call: b", "call: c"]), b: text(["call: c"]), c: text([]) };
    expect(await find(text(["call: a", "call: a"]), others)).toEqual(["a", "b", "c"]);
  });

  const chain = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`p${n}`, text(n < 6 ? [`call: p${n + 1}`] : [])]));
  it.each([
    ["is missing", text(["call: nowhere"]), {}, "steps[1].call calls 'nowhere', and there is no such playbook"],
    ["is broken", text(["call: a"]), { a: "steps: []" }, "steps[1].call calls 'a', which is not valid: line 1"],
    [
      "calls itself over others",
      text(["call: a"]),
      { a: text(["call: b"]), b: text(["call: a"]) },
      "'b' steps[1].call calls 'a' in a circle: main → a → b → a",
    ],
    ["stands too deep", text(["call: p1"]), chain, "more than 5 calls"],
    ["is reached on a second way that is too deep", text(["call: p2", "call: p1"]), chain, "more than 5 calls"],
    [
      "is given what it does not take",
      text(["call: a, params: { ordr: 1 }"]),
      { a: text([], "parameters: [{ name: order }]\n") },
      "did you mean 'order'?",
    ],
    [
      "is not given what it needs",
      text(["call: a"]),
      { a: text([], "parameters: [{ name: order }]\n") },
      "does not give 'a' its parameter 'order'",
    ],
  ])("are refused where one %s, with the place", async (_, source, others, message) => {
    await expect(find(source, others)).rejects.toMatchObject({ reason: "PLAYBOOK_INVALID", message: expect.stringContaining(message) });
  });

  it("are followed once, however often they are called", async () => {
    const many = Array.from({ length: 100 }, () => "call: NEXT");
    const others = Object.fromEntries([1, 2, 3, 4].map((n) => [`p${n}`, text(n < 4 ? many.map(() => `call: p${n + 1}`) : [])]));
    expect(await find(text(["call: p1"]), others)).toEqual(["p1", "p2", "p3", "p4"]);
  });
});
