import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClew, type Run } from "@clew/client";
import { describe, expect, it } from "vitest";
import { sampleRun, sampleRunId } from "../../../../test/support/sample-run.ts";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { explain } from "../explain/explain.ts";
import { Story } from "../explain/story.ts";
import type { Output } from "../output.ts";
import { type AnswerOptions, answerCommand } from "./answer.ts";
import { getCommand } from "./runs.ts";

const awaits = { inputId: "input-1-1", kind: "APPROVE", prompt: "Send\u001b[2J it?", choices: [], actionId: "1-7" } as const;
const waiting = sampleRun({ state: "WAITING", awaits: { ...awaits, expireTime: "2026-01-01T10:00:00Z" } });

function listen(): { output: Output; lines: string[] } {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  return { lines, output: { json: false, command: (words) => `npx clew ${words}`, say, remark: say, emit() {}, fail() {} } };
}

describe("a run that waits for a person", () => {
  it("shows what it asks, and the commands that answer it", async () => {
    await using gateway = await startStubGateway();
    gateway.script(`GET /v1/runs/${sampleRunId}`, answer(200, waiting));
    const { output, lines } = listen();
    await getCommand(createClew({ url: gateway.url }), output, sampleRunId, {});
    expect(lines.slice(1)).toEqual([
      "  It asks a person: Send [2J it?",
      "  Until 2026-01-01 10:00:00 UTC:",
      `    npx clew answer ${sampleRunId} --input input-1-1 --approve   # let it be done`,
      `    npx clew answer ${sampleRunId} --input input-1-1 --deny   # have it left undone`,
    ]);
  });

  it.each([
    ["ANSWER", ["blue", "dark red"], ["--answer blue", "--answer 'dark red'"]],
    ["ANSWER", [], ["--answer TEXT"]],
    ["SECRET", [], ["--secret @VARIABLE"]],
    ["BROWSER_STATE", [], ["--browser-state login.json"]],
    ["TAKE_OVER", [], ["--approve", "--deny"]],
  ] as const)("is explained with what answers %s %j", (kind, choices, options) => {
    const run: Run = sampleRun({ state: "WAITING", awaits: { ...awaits, kind, choices: [...choices] } });
    const { summary, next } = explain(run, new Story(), (words) => words);
    expect(summary).toBe("It waits for a person: Send\u001b[2J it?");
    const answers = next.map(({ command }) => command).filter((command) => command.startsWith("answer"));
    expect(answers).toEqual(options.map((option) => `answer ${sampleRunId} --input input-1-1 ${option}`));
  });

  it("is answered in every form, and what it asks now is meant where no input is named", async () => {
    await using gateway = await startStubGateway();
    await using temp = await tempFolder();
    const file = join(temp.path, "login.json");
    await writeFile(file, '{"cookies":[],"origins":[]}');
    process.env["CLEW_TEST_CODE"] = "482913";
    const clew = createClew({ url: gateway.url });
    const send = async (options: AnswerOptions) => {
      gateway.script(`GET /v1/runs/${sampleRunId}`, answer(200, waiting));
      await answerCommand(clew, listen().output, sampleRunId, options);
      return JSON.parse(gateway.seen.at(-1)?.body ?? "");
    };
    expect(await send({ approve: true })).toEqual({ inputId: "input-1-1", decision: "approve" });
    expect(await send({ deny: true, input: "i" })).toEqual({ inputId: "i", decision: "deny" });
    expect(await send({ answer: "blue" })).toEqual({ inputId: "input-1-1", answer: "blue" });
    expect(await send({ secret: "@CLEW_TEST_CODE" })).toEqual({ inputId: "input-1-1", secret: "482913" });
    expect(await send({ browserState: file })).toEqual({ inputId: "input-1-1", browserState: { cookies: [], origins: [] } });
    for (const wrong of [{}, { approve: true, deny: true }, { secret: "@CLEW_TEST_NOTHING" }, { browserState: join(temp.path, "none") }])
      await expect(send(wrong)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });

  it("that asks nothing is told so", async () => {
    await using gateway = await startStubGateway();
    const answering = createClew({ url: gateway.url }).run(sampleRunId).answer({ decision: "approve" });
    await expect(answering).rejects.toMatchObject({ reason: "INPUT_NOT_AWAITED" });
  });
});
