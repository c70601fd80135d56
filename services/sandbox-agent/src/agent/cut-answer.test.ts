import { expect, test } from "vitest";
import { answerLimits, cutAnswer } from "./cut-answer.ts";

const call = (at: number, input = "{}") => ({ type: "tool-call" as const, toolCallId: `c${at}`, toolName: "click", input });
const lengthOf = (value: unknown) => JSON.stringify(value).length;

test("an answer has a bound in calls, and the model is told what was not done", () => {
  const { content, note } = cutAnswer(Array.from({ length: 3_000 }, (_, at) => call(at)));
  expect(content).toHaveLength(answerLimits.calls);
  expect(note).toBe("[A turn has at most 12 calls; 2988 more were not done.]");
});

test("an answer has a bound in characters, whatever it is made of", () => {
  const long = "y".repeat(3_000_000);
  const texts = Array.from({ length: 100 }, () => ({ type: "text" as const, text: long }));
  const thoughts = Array.from({ length: 100 }, () => ({ type: "reasoning" as const, text: long }));
  const input = JSON.stringify({ text: long });
  const calls = Array.from({ length: 100 }, (_, at) => ({ ...call(at, input), toolName: long }));
  expect(lengthOf(cutAnswer([...texts, ...thoughts, ...calls]).content)).toBeLessThan(1_000_000);
});

test("what is within its bounds stays as it is", () => {
  const answer = [{ type: "reasoning" as const, text: "Where?" }, { type: "text" as const, text: "There." }, call(0, '{"element":"e1"}')];
  expect(cutAnswer(answer)).toEqual({ content: answer, note: "" });
});
