import { expect, test } from "vitest";
import type { ModelCall } from "../ask-model.ts";
import { createValidator, readVerdict } from "./validate-action.ts";

test.each<[string, boolean]>([
  ['{"safe": true, "reason": "It is asked for."}', true],
  ['{"safe": true}', true],
  ['{"safe": false, "reason": "No."}', false],
  ['{"safe": "true"}', false],
  ['{"safe": 1}', false],
  ['{"safe": true, "also": 1}', false],
  ['{"safe": true} {"safe": false}', false],
  ['```json\n{"safe": true}\n```', false],
  ["true", false],
  ["", false],
  ["null", false],
  ["[true]", false],
])("a verdict is read strictly, and whatever is none says no: %s", (text, isSafe) => {
  expect(readVerdict(text)).toBe(isSafe);
});

test("the validator is told the task, and what the page says as a page's", async () => {
  const asked: ModelCall[] = [];
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, costUsd: 0 };
  const validator = createValidator(
    async (call) => {
      asked.push(call);
      return { model: "a:b", finish: "stop", usage, content: [{ type: "text", text: '{"safe": true, "reason": ""}' }] };
    },
    () => "00112233445566778899aabbccddeeff",
  );
  const open = { directive: "Cancel order 5", action: "click", labels: "Do it", url: "https://shop.example/" };
  expect(await validator.isPartOfWork(open, AbortSignal.any([]))).toBe(true);
  expect(asked[0]).toMatchObject({ purpose: "validate", role: "utility" });
  expect(JSON.stringify(asked[0]?.prompt)).toContain(
    "Task: Cancel order 5\\n\\nAction: click, on this page and element:\\n[web-content 00112233445566778899aabbccddeeff]\\nhttps://shop.example/\\nDo it\\n[end of",
  );
});
