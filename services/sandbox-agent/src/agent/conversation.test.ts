import { expect, test } from "vitest";
import { Conversation } from "./conversation.ts";
import { Progress } from "./progress.ts";

const mark = "0123456789abcdef0123456789abcdef";
const marked = (text: string) => `[web-content ${mark}]\n${text}\n[end of web-content ${mark}]`;

test("[weakness 41] what a model is told has a bound, however long its work, its results and its own words are", () => {
  const progress = new Progress();
  const conversation = new Conversation({ system: "rules", task: "the task", progress: () => progress.text });
  const sizes: number[] = [];
  for (let turn = 0; turn < 200; turn++) {
    progress.note(`Read ${"x".repeat(5_000)}`);
    progress.visit(`https://shop.example/${turn}`);
    const input = JSON.stringify({ text: "y".repeat(20_000) });
    const said = [
      { type: "text", text: "z".repeat(20_000) },
      { type: "tool-call", toolCallId: `call-${turn}`, toolName: "extract", input },
    ] as const;
    const text = marked("w".repeat(50_000));
    conversation.add(said, [{ id: `call-${turn}`, name: "extract", text, isError: false }]);
    sizes.push(JSON.stringify(conversation.write("v".repeat(16_000))).length);
  }
  const [settled = 0] = sizes.slice(60);
  expect(Math.max(...sizes.slice(60))).toBeLessThanOrEqual(settled * 1.1);
  expect(settled).toBeLessThan(200_000);
});

test("what is cut of a page's text stays marked as one", () => {
  const conversation = new Conversation({ system: "", task: "", progress: () => "" });
  conversation.add(
    [{ type: "tool-call", toolCallId: "1", toolName: "get_dom", input: "{}" }],
    [{ id: "1", name: "get_dom", text: marked("w".repeat(50_000)), isError: false }],
  );
  const told = JSON.stringify(conversation.write("the page"));
  expect(told).toContain(`characters left out]\\n[end of web-content ${mark}]`);
});
