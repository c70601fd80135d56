import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { type FoundCalls, findCalled } from "./called-playbooks.ts";
import { Catalogue } from "./catalogue.ts";

const text = (calls: readonly string[], head = "") =>
  `${head}steps:\n  - { action: goto, params: { url: "https://example.org/" } }\n${calls.map((call) => `  - { ${call} }\n`).join("")}`;

const told = ({ problems }: FoundCalls) =>
  problems.map(({ playbook, line, column, field, message }) => [playbook, `${line}:${column}`, field, message].filter(Boolean).join(" "));

describe("the playbooks that one calls", () => {
  let temp: TempFolder;
  beforeEach(async () => {
    temp = await tempFolder();
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  async function find(source: string, others: Readonly<Record<string, string>>): Promise<FoundCalls> {
    for (const [id, other] of Object.entries(others)) await writeFile(join(temp.path, `${id}.yaml`), other);
    return await findCalled("main", parsePlaybook(source, { id: "main" }), await Catalogue.open(temp.path));
  }

  it("are found however deep, each once", async () => {
    const others = { a: text(["call: b", "call: c"]), b: text(["call: c"]), c: text([]) };
    const { called, problems } = await find(text(["call: a", "call: a"]), others);
    expect([[...called.keys()].sort(), problems]).toEqual([["a", "b", "c"], []]);
  });

  it("are given what is injected into their calls, not what stands there in its stead", async () => {
    const head = "parameters: [{ name: order, type: int, inject_into: steps.1.params.order }]\n";
    const others = { a: text([], "parameters: [{ name: order, type: int }]\n") };
    expect(told(await find(text(["call: a, params: { order: EXAMPLE }"], head), others))).toEqual([]);
  });

  it("are told of as far as one playbook is, and how many more are wrong", async () => {
    const { problems } = await find(text(Array.from({ length: 1_000 }, () => "call: nowhere")), {});
    expect([problems.length, problems.at(-1)?.message]).toEqual([51, "and 950 more in calls"]);
  });

  const chain = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`p${n}`, text(n < 6 ? [`call: p${n + 1}`] : [])]));
  it.each([
    ["is missing", text(["call: nowhere"]), {}, "3:13 steps[1].call calls 'nowhere', and there is no such playbook"],
    ["is broken", text(["call: a"]), { a: "steps: []" }, "a 1:8 steps must have at least 1 entries"],
    [
      "calls itself over others",
      text(["call: a"]),
      { a: text(["call: b"]), b: text(["call: a"]) },
      "b 3:13 steps[1].call calls 'a' in a circle: main → a → b → a",
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
    [
      "is to give what it does not store",
      text(["call: a, outputs: { x: titel }"]),
      { a: text(["action: extract, store_as: title"]) },
      "takes 'titel' from 'a', which stores none; did you mean 'title'?",
    ],
    [
      "is given a value it does not take",
      text(["call: a, params: { order: x }"]),
      { a: text([], "parameters: [{ name: order, type: int }]\n") },
      "gives 'a' a parameter 'order' that must be a whole number",
    ],
  ])("are refused where one %s, with the place", async (_, source, others, message) => {
    expect(told(await find(source, others))).toEqual([expect.stringContaining(message)]);
  });

  it("are told of all at once, with all that is wrong with each, also where the caller is not valid", async () => {
    const caller =
      "steps:\n  - { action: jump }\n  - { call: a }\n  - if: { value: x }\n    then: [{ call: nowhere }, { call: b, params: { ordr: 1 } }]\n";
    const others = { a: "steps:\n  - { action: leap }\n  - { call: gone }\n", b: text([], "parameters: [{ name: order }]\n") };
    expect(told(await find(caller, others))).toEqual([
      expect.stringMatching(/^a 2:\d+ steps\[0\]/),
      "a 3:13 steps[1].call calls 'gone', and there is no such playbook",
      "5:20 steps[2].then[0].call calls 'nowhere', and there is no such playbook",
      expect.stringMatching(
        /^5:\d+ steps\[2\]\.then\[1\]\.call gives 'b' a parameter 'ordr' that it does not take; did you mean 'order'\?$/,
      ),
    ]);
  });

  it("are followed once, however often they are called", async () => {
    const many = Array.from({ length: 100 }, () => "call: NEXT");
    const others = Object.fromEntries([1, 2, 3, 4].map((n) => [`p${n}`, text(n < 4 ? many.map(() => `call: p${n + 1}`) : [])]));
    expect([...(await find(text(["call: p1"]), others)).called.keys()]).toEqual(["p1", "p2", "p3", "p4"]);
  });
});
